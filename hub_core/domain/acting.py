"""Who acts: known at the faces of the hub, and carried along to whatever is done for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import Final, NamedTuple


class ActorKind(StrEnum):
    """As what somebody acts: through the pages, a token of the API, the command line, Python, or a channel."""

    PERSON = "person"
    TOKEN = "token"  # noqa: S105 - no secret, but a word
    COMMAND = "command"
    PROGRAM = "program"
    PLUGIN = "plugin"


class Actor(NamedTuple):
    """Who acts; *name* is that of the person, token, operating system's user or channel."""

    kind: ActorKind = ActorKind.PROGRAM
    name: str = ""
    request_id: str | None = None

    def __str__(self) -> str:
        """Give it as it is written down where only a text is kept."""
        return f"{self.kind} {self.name}".rstrip()

    @classmethod
    def named(cls, text: str) -> Actor:
        """Read what `str` gave; whatever else it is, is the name of a program."""
        kind, _, name = text.partition(" ")
        return cls(ActorKind(kind), name) if kind in set(ActorKind) else cls(name=text)


_PROGRAM: Final = Actor()
_ACTOR: Final = ContextVar("hub_actor", default=_PROGRAM)


def actor() -> Actor:
    """Give who acts now: a program, unless a face of the hub has said otherwise."""
    return _ACTOR.get()


@contextmanager
def acting(who: Actor) -> Iterator[None]:
    """Let *who* act meanwhile, within the request that is being answered where he names no other."""
    token = _ACTOR.set(who._replace(request_id=who.request_id or actor().request_id))
    try:
        yield
    finally:
        _ACTOR.reset(token)
