"""Who acts."""

import asyncio

from hub_core.domain.acting import Actor, ActorKind, acting, actor

ANNA = Actor(ActorKind.COMMAND, "anna")


def test_a_program_acts_where_nobody_says_otherwise() -> None:
    assert actor() == Actor(ActorKind.PROGRAM, "", None)


def test_who_acts_does_so_until_he_is_done() -> None:
    with acting(ANNA):
        assert actor() == ANNA
    assert actor().kind is ActorKind.PROGRAM


def test_whoever_takes_over_within_a_request_acts_for_that_request() -> None:
    with acting(ANNA._replace(request_id="r-1")), acting(Actor(ActorKind.PLUGIN, "toyshop")):
        assert actor() == Actor(ActorKind.PLUGIN, "toyshop", "r-1")


async def test_what_others_do_meanwhile_is_not_his() -> None:
    seen = []

    async def other() -> None:
        await asyncio.sleep(0)
        seen.append(actor().kind)

    task = asyncio.create_task(other())
    with acting(ANNA):
        await task
    assert seen == [ActorKind.PROGRAM]


def test_an_actor_is_written_as_text_and_read_again() -> None:
    for one in (ANNA, Actor(ActorKind.TOKEN, "the shop's own"), Actor()):
        assert Actor.named(str(one)) == one
    assert Actor.named("something else") == Actor(ActorKind.PROGRAM, "something else")
