"""Places in a list, as opaque texts that a caller hands back."""

from __future__ import annotations

import base64
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from hub_core.domain.errors import InputError
from hub_core.web.moments import Moment

LARGEST_ID: Final = 2**63 - 1
RowId = Annotated[int, Field(ge=0, le=LARGEST_ID)]


class Place(BaseModel):
    """Where a list goes on."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Before(Place):
    """In a list that runs newest first: after the row *before*."""

    before: RowId


class After(Place):
    """In a list that runs oldest first: after the row *after*."""

    after: RowId


class OrderPlace(Place):
    """In the list of orders, which runs by the time they were placed: after this one."""

    placed_at: Moment
    id: RowId


AnyPlace = TypeVar("AnyPlace", bound=Place)


def encoded(place: Place) -> str:
    """Write a place as text."""
    return base64.urlsafe_b64encode(place.model_dump_json().encode()).rstrip(b"=").decode()


def decoded(kind: type[AnyPlace], cursor: str | None) -> AnyPlace | None:
    """Read a place. Raises InputError where the text is none that this kind of list gave."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return kind.model_validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))
    except ValueError as error:
        reason = "This is no cursor of this list; leave it out to start at the beginning."
        raise InputError(reason, fields={"cursor": reason}) from error
