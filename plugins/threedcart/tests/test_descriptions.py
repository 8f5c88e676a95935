from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_threedcart.descriptions import described


@pytest.mark.parametrize(
    ("html", "name", "options"),
    [
        ("Cotton Tee", "Cotton Tee", []),
        ("Cotton Tee<br><b>Size:</b>&nbsp;M", "Cotton Tee", [("Size", "M")]),
        (
            "Tea &amp; Cake<br/><B>Size:</B> M<BR /><b>Colour:</b>&nbsp;Red",
            "Tea & Cake",
            [("Size", "M"), ("Colour", "Red")],
        ),
        ('Belt<br><b>Size:</b>&nbsp;M 40" - 43"', "Belt", [("Size", 'M 40" - 43"')]),
        ("Mug<br><b>Text:</b>&nbsp;Happy Day - $3.00", "Mug", [("Text", "Happy Day")]),
        ("Mug<br><b>Text:</b>&nbsp;Adieu - -€1,50", "Mug", [("Text", "Adieu")]),
        ("Rope<br><b>Length:</b>&nbsp;10 - 12", "Rope", [("Length", "10 - 12")]),
        ("Set<br><b>Pick: two:</b>&nbsp;Red<br>Blue", "Set", [("Pick: two", "Red\nBlue")]),
        ("Bundle Item: SET1<br>Girdle<br><b>Size:</b>&nbsp;S", "Girdle", [("Size", "S")]),
        ("KIT ITEM: Spoon", "Spoon", []),
        ("KIT ITEM: Spoon<br><b>Size:</b>&nbsp;S", "Spoon", [("Size", "S")]),
        ("<i>Tee</i><br><b>Size:</b>&nbsp;", "Tee", [("Size", "")]),
        ("", "", []),
    ],
)
def test_a_description_is_a_name_and_the_choices(html: str, name: str, options: list[tuple[str, str]]) -> None:
    found = described(html)
    assert (found.name, [(option.name, option.value) for option in found.options]) == (name, options)
    assert found.plain


@pytest.mark.parametrize(
    "html", ["Tee<br>one more line", 'Mug<br><b>File:</b>&nbsp;<a href="https://shop.example/upload/1.png">1.png</a>']
)
def test_what_name_and_choices_do_not_hold_makes_it_worth_keeping(html: str) -> None:
    assert not described(html).plain


@given(st.text(st.sampled_from("<>b/r &;:-$1aB\n"), max_size=60))
def test_no_description_is_too_odd_to_be_read(html: str) -> None:
    assert isinstance(described(html).name, str)
