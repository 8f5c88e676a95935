"""What platforms post to the hub when merchants grant or take back access, and what a channel makes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydantic import BaseModel

LARGEST: Final = 64_000
"""Bytes of a callback's body, and of what it is answered."""
_MAY_BE_SECRET = re.compile(r"[A-Za-z0-9+/=_.~-]{8,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequest:
    """What was posted: anybody may have done that, so nothing of it is true until it was tried.

    *headers* have lower-case names; those that could sign somebody in are left out.
    """

    method: str
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def secrets(self) -> frozenset[str]:
        """List whatever in it may be a secret, so that no error repeats it."""
        text = self.body.decode(errors="replace")
        return frozenset({*_MAY_BE_SECRET.findall(text), *self.query.values()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A merchant lets the hub in: the store, by the key of its `StoreIdentity`, and what is said to open it."""

    store_key: str
    credentials: BaseModel = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A merchant takes access back. *credentials* are those that the platform names, if it names any."""

    store_key: str
    credentials: BaseModel | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAnswer:
    """What a channel reads in a callback, and the HTTP answer that the platform wants.

    *problem* says in a sentence, without secrets, why nothing of it can be used. Where a grant cannot be tried since
    the store does not answer, the hub answers 503 instead, so that the platform asks again.
    """

    grants: tuple[Grant, ...] = ()
    revocations: tuple[Revocation, ...] = ()
    status: int = 200
    content_type: str = "text/plain"
    body: bytes = b""
    problem: str = ""
