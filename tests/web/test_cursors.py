"""Places in lists, written as cursors."""

import base64
from datetime import UTC

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub_core.domain.errors import InputError
from hub_core.web.cursors import LARGEST_ID, After, Before, OrderPlace, Place, decoded, encoded

IDS = st.integers(min_value=0, max_value=LARGEST_ID)
PLACES = st.one_of(
    st.builds(Before, before=IDS),
    st.builds(After, after=IDS),
    st.builds(OrderPlace, placed_at=st.datetimes(timezones=st.just(UTC)), id=IDS),
)


@given(PLACES)
def test_a_place_comes_back_as_it_was(place: Place) -> None:
    assert decoded(type(place), encoded(place)) == place


@given(PLACES)
def test_a_cursor_can_stand_in_an_address_as_it_is(place: Place) -> None:
    assert all(letter.isalnum() or letter in "-_" for letter in encoded(place))


@given(PLACES, st.sampled_from([Before, After, OrderPlace]))
def test_a_cursor_of_another_list_is_refused(place: Place, kind: type[Place]) -> None:
    if kind is not type(place):
        with pytest.raises(InputError) as refused:
            decoded(kind, encoded(place))
        assert set(refused.value.fields) == {"cursor"}


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
@example("")
@example(base64.urlsafe_b64encode(b'{"before": -1}').decode())
@example(base64.urlsafe_b64encode(b'{"before": 9223372036854775808}').decode())
@example(base64.urlsafe_b64encode(b'{"before": 1, "after": 2}').decode())
@example(base64.urlsafe_b64encode(b'{"before": NaN}').decode())
@example(base64.urlsafe_b64encode(b'"\\ud800"').decode())
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        decoded(Before, text)


def test_no_cursor_is_the_beginning() -> None:
    assert decoded(Before, None) is None
