"""Access tokens for programs, and what each may do."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime

from hub_core.domain.fact import Fact


class Scope(StrEnum):
    """What a token may do; each scope includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def allows(self, needed: Scope) -> bool:
        """Tell whether this scope is enough for what needs *needed*."""
        ranks = list(Scope)
        return ranks.index(self) >= ranks.index(needed)


class Token(Fact):
    """An access token, without its secret."""

    name: str
    scope: Scope
    created_at: AwareDatetime
    last_used_at: AwareDatetime | None = None
