"""Starting flows on PostgreSQL, in any number of processes: procrastinate carries the triggers to them.

What a job says is a contract between versions of the hub that run side by side: see `TASK` and `Distributed.carry`.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import psycopg
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException, ProcrastinateException
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from sqlalchemy import select

from hub_core.domain.errors import HubError, StalledError, StorageError
from hub_core.domain.integrations import Flow
from hub_core.engine.dispatcher import Dispatcher, queue_of
from hub_core.engine.grumbling import Grumbling
from hub_core.engine.watch import PATIENCE, Watch
from hub_core.storage.offers import Lane, Offer, OfferRepository

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from procrastinate.jobs import Status
    from sqlalchemy import Connection

    from hub_core.engine.slots import Slots
    from hub_core.services.parts import Parts

logger = logging.getLogger("hub_core.engine")

TASK: Final = "hub:flow"
"""What every job asks for. Whoever needs jobs of another kind gives them queues of another name, too."""
LOOK_SECONDS: Final = 0.5
TIDY_SECONDS: Final = 20.0
FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 15.0
_CONNECTIONS: Final = 4
_POOL_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 2.0
_HEARTBEAT_SECONDS: Final = 2.0
_LAST_JOBS: Final = 1.0
"""How long a job may take to end of itself; its flow goes on, and has as long as the engine gives it."""
_NEVER: Final = 86_400.0
_GONE: Final = (ProcrastinateException, psycopg.Error, OSError)

# Jobs are none of a reader's business, and what goes wrong is told by this module, in a sentence.
logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
logging.getLogger("psycopg").setLevel(logging.ERROR)


class Distributed:
    """Offers what is due to all processes, and starts what was offered to this one."""

    def __init__(self, parts: Parts, slots: Slots, connector: Callable[[], Any] | None = None) -> None:
        """Take what makes the *connector* of a worker; by default it connects to the hub's own database."""
        self._parts = parts
        self._slots = slots
        self._connector = connector or self._connect
        self._dispatcher, self._for_routine = (Dispatcher(parts, _Deferring()) for _ in range(2))
        self._watch = Watch(parts.clock)
        self._tidied_at = parts.clock.monotonic()
        self._waits = Grumbling("The engine waits: %s")
        self._breaks = Grumbling("The engine is cut off from what is offered to it, and tries again: %s")
        self._takings: set[asyncio.Task[asyncio.Task[object] | None]] = set()

    async def run(self) -> None:
        """Offer and start what is due until the slots are closed. Raises StalledError."""
        beside = [asyncio.create_task(self._keep_carrying()), asyncio.create_task(self._offer_routine())]
        try:
            while not self._slots.closed:
                await self._look()
                ended, _ = await asyncio.wait(beside, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                for task in ended:  # by closing, or by what broke it
                    task.result()
        finally:
            await asyncio.gather(*(_ended(task, again=LONGEST_WAIT) for task in beside))
            if self._takings:
                await asyncio.wait(self._takings)

    async def _offer_routine(self) -> None:
        """Offer what is not urgent, by itself: in a long backlog that takes a while."""
        while not self._slots.closed:
            with suppress(StorageError):  # which is said by who looks for what is urgent
                await self._for_routine.tick(urgent=False)
            await self._parts.clock.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        troubles: tuple[HubError, ...] = ()
        try:
            await self._dispatcher.tick(urgent=True)
            if self._tidied_at + TIDY_SECONDS <= self._parts.clock.monotonic():
                self._tidied_at = self._parts.clock.monotonic()
                await self._dispatcher.tidy()
            await self._check()
        except StorageError as error:
            troubles = (error,)
            self._watch.hear()
        self._waits.of(troubles)

    async def _check(self) -> None:
        """Raise StalledError where nothing comes in although something has been waiting for this process."""
        if not self._watch.look():
            return
        room = self._slots.room
        lanes = [lane for lane in self._lanes() if (room.free if lane.urgent else room.routine)]
        if await self._dispatcher.has_waited(lanes, timedelta(seconds=PATIENCE)):
            message = f"Nothing that is due has reached this process for {PATIENCE:.0f} s; it has to be started anew."
            raise StalledError(message)
        self._watch.hear()

    def _lanes(self) -> list[Lane]:
        return [Lane(channel, urgent) for channel in sorted(self._parts.channels.channels) for urgent in (True, False)]

    async def _keep_carrying(self) -> None:
        """Let workers of procrastinate run, and again whenever they end: they do where the database is away."""
        wait = FIRST_WAIT / 2
        while not self._slots.closed:
            began = self._parts.clock.monotonic()
            trouble = await self._carried()
            lasted = self._parts.clock.monotonic() - began
            wait = FIRST_WAIT if lasted > LONGEST_WAIT else min(wait * 2, LONGEST_WAIT)
            self._breaks.of(() if lasted > LONGEST_WAIT else (trouble,))
            await self._parts.clock.sleep(wait)
            await self._database_is_there()

    async def _database_is_there(self) -> None:
        """Wait for it, so that the workers are there a moment after it; that it is away is said elsewhere."""
        while True:
            with suppress(StorageError):
                await self._parts.database.read(lambda connection: connection.execute(select(1)))
                return
            await self._parts.clock.sleep(FIRST_WAIT)

    async def _carried(self) -> str:
        """Run one worker that takes urgent jobs alone and one that takes all, until either ends; say what ended it."""
        figures = self._slots.figures
        lanes = self._lanes()
        urgent = [queue_of(lane) for lane in lanes if lane.urgent]
        app = self._app()
        try:
            async with app.open_async():
                workers = [
                    asyncio.create_task(self._worker(app, urgent, figures.reserved)),
                    asyncio.create_task(
                        self._worker(app, list(map(queue_of, lanes)), figures.slots - figures.reserved)
                    ),
                ]
                try:
                    await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    await asyncio.gather(*map(_ended, workers))
        except _GONE as error:
            return _said(error)
        errors = filter(None, map(_error_of, workers))
        return next(map(_said, errors), "its connection was lost")

    async def _worker(self, app: App, queues: Sequence[str], concurrency: int) -> None:
        await app.run_worker_async(
            queues=queues,
            concurrency=concurrency,
            delete_jobs="always",
            install_signal_handlers=False,
            fetch_job_polling_interval=_POLL_SECONDS,
            abort_job_polling_interval=_NEVER,
            update_heartbeat_interval=_HEARTBEAT_SECONDS,
            shutdown_graceful_timeout=_LAST_JOBS,
        )

    def _app(self) -> App:
        connector = self._connector()
        app = App(connector=connector)
        app.job_manager = _Jobs(connector)
        app.task(name=TASK, pass_context=True)(self.carry)
        return app

    def _connect(self) -> PsycopgConnector:
        return PsycopgConnector(
            kwargs=self._parts.database.connect_arguments(),
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=_POOL_SECONDS,
            name="hub-triggers",
        )

    async def carry(self, context: Any, /, *, integration: object = None, flow: object = None, **more: object) -> None:
        """Work on the flow that a job names, as long as its slice lasts.

        A job of a newer version may say *more*, name a flow that is not known here or leave something out: then nothing
        is done, and the flow is offered again, also to those who know it.
        """
        del more
        self._watch.hear()
        if not isinstance(integration, int) or not isinstance(flow, str) or flow not in set(Flow):
            return
        await self._take(integration, Flow(flow), context.job.priority)

    async def _take(self, integration_id: int, flow: Flow, urgency: int) -> None:
        taking = asyncio.create_task(self._slots.take(integration_id, flow, urgency))
        self._takings.add(taking)
        taking.add_done_callback(self._takings.discard)
        await asyncio.wait({taking})  # which a claim outlives, so that none is left without a flow
        error = taking.exception()
        if isinstance(error, StorageError):
            await self._withdraw(integration_id, flow)
            return
        if error is not None:
            logger.error("The %s of integration %d cannot be begun.", flow, integration_id, exc_info=error)
            return
        working = taking.result()
        if working is not None:
            await asyncio.wait({working})
        elif self._slots.closed:
            await self._withdraw(integration_id, flow)

    async def _withdraw(self, integration_id: int, flow: Flow) -> None:
        database = self._parts.database

        def withdraw(connection: Connection) -> None:
            OfferRepository(connection, database).withdraw(integration_id, flow)

        with suppress(StorageError):
            await database.write(withdraw)


class _Deferring:
    """Puts jobs into procrastinate's tables, by a connection of the hub's own."""

    def __init__(self) -> None:
        self._jobs = JobManager(SyncPsycopgConnector())

    def __call__(self, offers: Sequence[Offer], connection: Any) -> None:
        jobs = [
            Job(
                queue=queue_of(offer.lane),
                priority=offer.urgency,
                task_name=TASK,
                task_kwargs={"integration": offer.integration_id, "flow": offer.flow.value},
                lock=None,
                queueing_lock=None,
            )
            for offer in offers
        ]
        try:
            self._jobs.batch_defer_jobs(jobs, connection=connection)
        except ConnectorException as error:
            raise StorageError(f"The database did not take what is due ({error.__cause__ or error}).") from error


class _Jobs(JobManager):
    """Jobs whose end need not be written: what is left of one is deleted after a while."""

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: FBT001 - procrastinate's
        with suppress(ConnectorException):
            await super().finish_job(job, status, delete_job)


def _error_of(worker: asyncio.Task[None]) -> BaseException | None:
    """Give what a worker ended with. Raises what it should never end with."""
    if worker.cancelled():
        return None
    error = worker.exception()
    if error is not None and not isinstance(error, _GONE):
        raise error
    return error


def _said(error: BaseException) -> str:
    return str(error.__cause__ or error) or type(error).__name__


async def _ended(task: asyncio.Task[Any], again: float = _LAST_JOBS + 1) -> None:
    """Cancel a task until it has ended: what waits for a lost connection needs that more than once."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=again)
