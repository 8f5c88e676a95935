"""What all values of the domain have in common: they never change and hold nothing unknown."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Fact(BaseModel):
    """A value that is valid because it exists."""

    model_config = ConfigDict(frozen=True, extra="forbid")
