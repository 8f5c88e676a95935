"""What all values of the domain have in common: they never change and hold nothing unknown."""

from __future__ import annotations

from functools import cache
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

_set_members, _set_names, _set_extra, _set_private = (BaseModel.__dict__[slot].__set__ for slot in BaseModel.__slots__)
"""They set what a model consists of: members, the names of those that were given, and two things that facts lack."""


class Fact(BaseModel):
    """A value that is valid because it exists."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def assembled(cls, members: dict[str, Any]) -> Self:
        """Make one of *members*, which must be all that it has, in their order and of their types: nothing is checked.

        This is for what a decoder has checked already, and takes a fifth of the time. The fact keeps *members* itself.
        """
        fact = cls.__new__(cls)
        # This is what pydantic's model_construct does in the end, once it has looked for defaults and other names.
        _set_members(fact, members)
        _set_names(fact, _names_of(cls))
        _set_extra(fact, None)
        _set_private(fact, None)
        return fact


@cache
def _names_of(kind: type[Fact]) -> set[str]:
    return set(kind.model_fields)
