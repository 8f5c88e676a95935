"""What a channel may answer when it hears its platform, and what must not be repeated of it."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from hub_core import CallbackAnswer, CallbackRequest, Grant, Revocation
from hub_core.channels.answers import check_answer
from hub_core.channels.blame import WrongAnswer
from hub_core.channels.callbacks import LARGEST
from tests.grantshop.channel import GrantCredentials
from tests.grantshop.desk import grantshop_registry

CHANNEL = grantshop_registry().channel("grantshop")
GIVEN = GrantCredentials(access=SecretStr("a"), refresh=SecretStr("r"))


class Others(BaseModel):
    """Credentials of another channel."""


@pytest.mark.parametrize(
    "answer",
    [
        CallbackAnswer(),
        CallbackAnswer(status=204, content_type="application/json", body=b"{}", problem="no use."),
        CallbackAnswer(grants=(Grant(store_key="eu-7", credentials=GIVEN),)),
        CallbackAnswer(revocations=(Revocation(store_key="eu-7"), Revocation(store_key="eu-8", credentials=GIVEN))),
    ],
)
def test_what_the_contract_has_is_taken(answer: CallbackAnswer) -> None:
    check_answer(CHANNEL, "receive_callback", answer)


WRONG: dict[str, dict[str, Any]] = {
    "no status": {"status": 99},
    "a status in words": {"status": "200"},
    "a text for a body": {"body": "thanks"},
    "too long a body": {"body": b" " * (LARGEST + 1)},
    "a type of two lines": {"content_type": "text/plain\r\nSet-Cookie: a=b"},
    "something among its grants": {"grants": (Revocation(store_key="eu-7"),)},
    "something among its revocations": {"revocations": ("eu-7",)},
    "no store": {"grants": (Grant(store_key=None, credentials=GIVEN),)},  # type: ignore[arg-type]
    "another channel's credentials": {"grants": (Grant(store_key="eu-7", credentials=Others()),)},
}


@pytest.mark.parametrize("members", WRONG.values(), ids=WRONG.keys())
def test_what_it_does_not_have_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(WrongAnswer):
        check_answer(CHANNEL, "receive_callback", replace(CallbackAnswer(), **members))


@pytest.mark.parametrize("answer", [None, b"ok", {}])
def test_no_answer_is_none(answer: object) -> None:
    with pytest.raises(WrongAnswer):
        check_answer(CHANNEL, "receive_callback", answer)


def test_neither_a_request_nor_a_grant_shows_what_it_holds() -> None:
    request = CallbackRequest(
        method="POST", headers={"x-key": "hush-1"}, query={"key": "hush-2"}, body=b'{"token": "hush-hush-3"}'
    )
    grant = Grant(store_key="eu-7", credentials=GrantCredentials(access=SecretStr("hush-4"), refresh=SecretStr("r")))
    assert "hush" not in repr((request, grant, Revocation(store_key="eu-7", credentials=GIVEN)))
    assert {"hush-2", "hush-hush-3"} <= request.secrets()
