"""The keys of what is sealed: sealing everything anew with the first of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hub_core.domain.audit import NewAudit, Subject
from hub_core.domain.errors import VaultError
from hub_core.domain.fact import Fact
from hub_core.storage.audit import AuditRepository
from hub_core.storage.seals import Seal, SealRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts

_ATTEMPTS: Final = 5
"""How often one place is tried where others keep writing there."""


class Unreadable(Fact):
    """Something that no key at hand opens, as people call it, and why."""

    name: str
    sentence: str


class Rotation(Fact):
    """What a rotation has done: how many were sealed *anew*, and how many *already* were with the first key."""

    anew: int
    already: int
    unreadable: tuple[Unreadable, ...]


class Keys:
    """Looks after what is sealed."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def rotate(self) -> Rotation:
        """Seal all credentials and application keys with the first key.

        Each is a transaction of its own, so that one that was killed half way is gone on with by the next. What is
        stored anew meanwhile is never overwritten with what was there before; what cannot be opened stays as it is.
        """
        seals = await self._parts.database.read(lambda connection: SealRepository(connection).find())
        anew = already = 0
        unreadable = []
        for seal in seals:
            try:
                was_changed = await self._renewed(seal)
            except VaultError as error:
                unreadable.append(Unreadable(name=seal.name, sentence=str(error)))
            else:
                anew, already = anew + was_changed, already + (not was_changed)
        return Rotation(anew=anew, already=already, unreadable=tuple(unreadable))

    async def _renewed(self, seal: Seal) -> bool:
        """Seal one anew; tell whether that was needed. Raises VaultError where no key opens it."""
        vault = self._parts.vault
        token: str | None = seal.token
        for _ in range(_ATTEMPTS):
            if token is None:  # destroyed meanwhile
                return False
            plain = vault.decrypt(token, seal.owner)
            if vault.seals_with_first(token):
                return False
            if await self._replaced(replace(seal, token=token), vault.encrypt(plain, seal.owner)):
                return True
            token = await self._parts.database.read(lambda connection: SealRepository(connection).token(seal))
        raise VaultError("Others keep storing it anew; rotate again.")

    async def _replaced(self, seal: Seal, token: str) -> bool:
        now = self._parts.clock.now()

        def replace_it(connection: Connection) -> bool:
            done = SealRepository(connection).replace(seal, token)
            if done:
                AuditRepository(connection).record(
                    NewAudit("key.rotated", Subject("secret", seal.owner, seal.name)), now
                )
            return done

        return await self._parts.database.write(replace_it)
