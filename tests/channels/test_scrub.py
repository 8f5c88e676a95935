"""What must never enter the hub is taken out of every text, and nothing else is."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_core.channels import jsontext
from hub_core.channels.scrub import Scrubber

NAMES = ("CardNumber", "CardName", "Card", "ContinueURL", "order.key")
ODD_NAMES = (*NAMES, 'a"b', "a\\b", "größe", "a/b", "", ":", ",", "\u2028")
CARD = "4111 1111-1111 1111"

texts = st.text() | st.sampled_from([*ODD_NAMES, '"CardNumber": "1"', '\\"Card', '"Card', "{", "]", "\\", '\\"'])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def scrub_tree(value: Any, names: tuple[str, ...]) -> Any:
    """Do to what was read what the scrubber does to the text."""
    if isinstance(value, dict):
        return {name: "" if name in names else scrub_tree(inner, names) for name, inner in value.items()}
    return [scrub_tree(inner, names) for inner in value] if isinstance(value, list) else value


def escaped(text: str) -> str:
    r"""Write every letter as \u00XX, as a store may that does not want a name to be found."""
    return re.sub(r'(?<!\\)[A-Z](?=[a-z]*")', lambda letter: f"\\u{ord(letter[0]):04x}", text)


@given(value=values, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]), hide=st.booleans())
@pytest.mark.parametrize("names", [NAMES, ODD_NAMES, ("Card",), ()])
def test_exactly_the_named_members_are_blanked(
    names: tuple[str, ...], value: Any, ascii_only: bool, indent: int | None, hide: bool
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    try:
        raw = (escaped(text) if hide else text).encode()
        value = json.loads(raw)
    except (UnicodeEncodeError, ValueError):
        raw = json.dumps(value).encode()
    assert json.loads(Scrubber(names).scrub(raw)) == scrub_tree(value, names)


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ('{"CardNumber":"4111","a":1}', '{"CardNumber":"","a":1}'),
        ('{"CardNumber" :\n 4111 , "a":1}', '{"CardNumber" :\n "" , "a":1}'),
        ('{"CardNumber":null}', '{"CardNumber":""}'),
        ('{"CardNumber":{"a":[{"b":"]}"}]},"c":true}', '{"CardNumber":"","c":true}'),
        ('[{"Card":[1]},{"Card":[2]}]', '[{"Card":""},{"Card":""}]'),
        (r'{"CardNumber":"4\"1\\","a":"\\"}', r'{"CardNumber":"","a":"\\"}'),
        (r'{"a":"\"CardNumber\": \"4111\""}', r'{"a":"\"CardNumber\": \"4111\""}'),
        (r'{"x\"CardNumber":"stays"}', r'{"x\"CardNumber":"stays"}'),
        ('{"a":"CardNumber","cardnumber":1,"CardNumbers":2}', '{"a":"CardNumber","cardnumber":1,"CardNumbers":2}'),
        (r'{"C\u0061rdN\u0075mber":"4111","a":"\\u0061"}', r'{"CardNumber":"","a":"\\u0061"}'),
    ],
)
def test_what_stands_beside_a_blanked_value_stays_as_it_was(text: str, scrubbed: str) -> None:
    assert Scrubber(NAMES).clean(text.encode()).decode() == scrubbed


@given(data=st.data(), secret=st.recursive(st.just("SECRET"), lambda inner: st.lists(inner) | st.just({"b": "SECRET"})))
def test_no_value_of_a_named_member_is_left_wherever_the_text_is_cut(data: st.DataObject, secret: Any) -> None:
    others = data.draw(st.dictionaries(texts, values, max_size=3))
    text = json.dumps([others, {"a": 1, "CardNumber": secret, "b": 'x"'}], indent=data.draw(st.sampled_from([None, 1])))
    cut = text[: data.draw(st.integers(0, len(text)))]
    assert "SECRET" not in Scrubber(NAMES).clean(cut.encode()).decode(errors="replace")


@given(text=st.binary() | st.lists(st.sampled_from([*b'"\\[]{}:,<>=1 ', *b"CardNumber"])).map(bytes))
def test_any_bytes_can_be_scrubbed(text: bytes) -> None:
    scrubbed = Scrubber(ODD_NAMES).clean(text)
    assert Scrubber(ODD_NAMES).clean(scrubbed) is not None


def test_digits_of_card_length_stay_in_json_since_tracking_numbers_have_it_too() -> None:
    text = b'[{"ShipmentTrackingCode":"9400110200881234567890"}]'
    assert Scrubber(NAMES).clean(text) == text


@pytest.mark.parametrize(
    "text",
    [
        '[{"OrderID":1,"CardNumber":"SECRET',
        '[{"OrderID":1,"CardName":"Bob \\"SECRET\\" of SECRET',
        '[{"CardNumber":{"a":{"b":1},"c":"SECRET"},',
        '[{"CardNumber":{"a":["SECRET", "SECRET',
        '[{"\\uD8x":1, "CardNumber": "SECRET"',
        '[{"CardNumber":}, {"CardName": "SECRET"}, ',
        "{'CardNumber': 'SECRET SECRET',}",
        '{"a":"{\\"CardNumber\\":\\"SECRET\\"}",}',
        '<Order><CardNumber type="x">SECRET\nSECRET</CardNumber></Order>',
        "<o:Order><o:CardNumber>SECRET</o:CardNumber></o:Order>",
        "<Order><CardNumber>SECRET",
        '<Order CardNumber="SECRET SECRET" id="1"/>',
        "id=1&CardNumber=SECRET&x=2",
        '<input type="text" name="CardNumber" value="SECRET SECRET">',
        "<input value=SECRET name='CardNumber'>",
        "&lt;a CardNumber=&quot;SECRET SECRET&quot;&gt;",
    ],
)
def test_named_values_are_blanked_in_text_that_cannot_be_parsed(text: str) -> None:
    scrubbed = Scrubber(NAMES).clean(text.encode()).decode()
    assert "SECRET" in text
    assert "SECRET" not in scrubbed
    assert "CardN" in scrubbed


@pytest.mark.parametrize("digits", ["4111111111111111", CARD, "4111&nbsp;1111&nbsp;1111&nbsp;1111", "1" * 13, "1" * 19])
def test_digits_of_card_length_are_blanked_in_text_that_cannot_be_parsed(digits: str) -> None:
    assert Scrubber(()).clean(f"<p>card {digits} of order 12345".encode()) == b"<p>card *** of order 12345"


def test_shorter_digits_stay_in_text_that_cannot_be_parsed() -> None:
    text = b"<p>order 123456789012 of 2024"
    assert Scrubber(NAMES).clean(text) == text


def test_a_faulty_order_in_a_page_leaves_the_others_as_they_are() -> None:
    good = b'{"CardName":"","Tracking":"9400110200881234567890","Text":"a,[\\"]"}'
    page = b"[" + good + b', {"CardName":"Bob","Total":NaN,"Card":"' + CARD.encode() + b'"} ,' + good + b"]"
    cleaned = jsontext.members(Scrubber(NAMES).clean(page))
    assert cleaned == [good, b'{"CardName":"","Total":NaN,"Card":""}', good]


def test_half_a_sign_left_by_a_store_that_cuts_texts_costs_only_that_sign() -> None:
    page = rb'[{"a":"cut \ud83d","b":"whole \ud83d\ude00","c":"\\ud83d","d":"\ude00"}]'
    assert json.loads(Scrubber(NAMES).clean(page)) == [
        {"a": "cut \ufffd", "b": "whole \U0001f600", "c": r"\ud83d", "d": "\ufffd"}
    ]


@pytest.mark.parametrize(
    "text", [b"", b"[", b"[1,2", b"[1]]", b"[1],[2]", b'["]', b"{}", b"null", b'"[1]"', b"[1}]", b"<html>"]
)
def test_what_is_no_list_has_no_members(text: bytes) -> None:
    assert jsontext.members(text) is None


@given(value=st.lists(values, max_size=5), indent=st.sampled_from([None, 2]))
def test_a_list_is_cut_alike_with_and_without_a_faulty_member(value: list[Any], indent: int | None) -> None:
    faulty = json.dumps([*value, "FAULT"], indent=indent).replace('"FAULT"', "NaN").encode()
    members = jsontext.members(faulty)
    assert members is not None
    assert members[-1] == b"NaN"
    assert [json.loads(member) for member in members[:-1]] == json.loads(json.dumps(value))


@pytest.mark.parametrize(
    "address",
    ["?orderkey=SECRET", "?a=1&OrderKey=SECRET&b=2", "%3Forderkey%3DSECRET", "?a=1;orderKey=2&OrderKey=SECRET#x"],
)
def test_a_parameter_that_opens_something_is_blanked_in_whatever_text_it_stands(address: str) -> None:
    scrubber = Scrubber(NAMES, ["OrderKey"])
    text = json.dumps([{"Referer": f"https://x.example/c.asp{address}", "Comment": f"see {address} please"}])
    scrubbed = json.loads(scrubber.clean(text.encode()))
    assert "SECRET" in text
    assert "SECRET" not in str(scrubbed)
    assert scrubbed[0]["Comment"].endswith(" please")


def test_other_parameters_stay() -> None:
    text = b'[{"Referer":"https://x.example/?orderkeys=2&order=3"}]'
    assert Scrubber((), ["OrderKey"]).clean(text) == text
