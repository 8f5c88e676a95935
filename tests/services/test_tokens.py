"""Access tokens."""

import pytest

from hub_core import Hub
from hub_core.domain.errors import ConflictError, InputError, NotFoundError
from hub_core.domain.tokens import Scope
from hub_core.storage.tables import tokens
from hub_core.testing.clock import VirtualClock
from tests.hubs import NOW, rows, statements, writing


async def test_a_new_token_is_shown_once_and_opens_what_its_scope_says(hub: Hub) -> None:
    new = await hub.tokens.create("till", Scope.WRITE)
    assert (new.name, new.scope) == ("till", "write")
    holder = await hub.tokens.holder(new.token)
    assert holder is not None
    assert (holder.name, holder.scope) == ("till", Scope.WRITE)
    assert new.token not in str([token.model_dump() for token in await hub.tokens.list()])


async def test_only_a_hash_of_a_token_is_kept(hub: Hub) -> None:
    new = await hub.tokens.create("till")
    assert new.token not in str(rows(hub, tokens))
    assert len(new.token) > 40


@pytest.mark.parametrize("secret", ["", "hub_", "x" * 10_000, "hub_\0"])
async def test_what_is_no_token_opens_nothing(hub: Hub, secret: str) -> None:
    await hub.tokens.create("till")
    assert await hub.tokens.holder(secret) is None


async def test_a_name_can_be_given_only_once(hub: Hub) -> None:
    await hub.tokens.create("till")
    with pytest.raises(ConflictError, match="a token named 'till' already"):
        await hub.tokens.create(" till ")
    with pytest.raises(InputError):
        await hub.tokens.create("")


async def test_a_revoked_token_opens_nothing_and_its_name_is_free(hub: Hub) -> None:
    old = await hub.tokens.create("till")
    await hub.tokens.revoke("till")
    assert await hub.tokens.holder(old.token) is None
    assert list(await hub.tokens.list()) == []
    new = await hub.tokens.create("till", Scope.ADMIN)
    assert await hub.tokens.holder(old.token) is None
    assert await hub.tokens.holder(new.token) is not None
    await hub.tokens.revoke("till")
    with pytest.raises(NotFoundError, match="'hub tokens list' shows them"):
        await hub.tokens.revoke("till")


async def test_a_token_is_revoked_by_its_name_as_it_was_given(hub: Hub) -> None:
    await hub.tokens.create("my  till")
    await hub.tokens.revoke("my  till")
    assert list(await hub.tokens.list()) == []


async def test_its_use_is_noted_at_most_once_a_minute(hub: Hub, clock: VirtualClock) -> None:
    secret = (await hub.tokens.create("till")).token
    with statements(hub) as seen:
        for seconds in (0, 30, 30, 1):
            clock.advance(seconds)
            await hub.tokens.holder(secret)
    assert writing(seen) == ["tokens", "tokens"]
    (token,) = await hub.tokens.list()
    assert (token.created_at, token.last_used_at) == (NOW, clock.now())


async def test_tokens_are_listed_newest_first(hub: Hub) -> None:
    for name in ("one", "two", "three"):
        await hub.tokens.create(name)
    assert [token.name for token in await hub.tokens.list()] == ["three", "two", "one"]
