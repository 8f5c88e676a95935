"""The hub as one object: everything that can be done with it hangs here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hub_core.channels.registry import ChannelRegistry
from hub_core.domain.clock import Clock, SystemClock
from hub_core.domain.errors import SettingsError
from hub_core.domain.runs import Run
from hub_core.services.finishing import finish_removals
from hub_core.services.flow_alignment import align_flows
from hub_core.services.overview import Overview
from hub_core.services.parts import Parts
from hub_core.services.resuming import resume_readable
from hub_core.settings import HubSettings
from hub_core.storage import schema
from hub_core.storage.database import Database
from hub_core.storage.vault import Vault

if TYPE_CHECKING:
    from hub_core.domain.status import HubStatus
    from hub_core.engine.engine import Engine
    from hub_core.services.applications import Applications
    from hub_core.services.audit import Audit
    from hub_core.services.callbacks import Callbacks
    from hub_core.services.events import Events
    from hub_core.services.fulfilments import Fulfilments
    from hub_core.services.integrations import Integrations
    from hub_core.services.keys import Keys
    from hub_core.services.listings import Listings
    from hub_core.services.orders import Orders
    from hub_core.services.preview import PlannedChange
    from hub_core.services.prices import Prices
    from hub_core.services.rejects import Rejects
    from hub_core.services.reports import Reports
    from hub_core.services.runs import Runs
    from hub_core.services.stock import Stock
    from hub_core.services.tokens import Tokens
    from hub_core.services.webhooks import Webhooks

_SERVICES: Final = {
    name: (f"hub_core.services.{name}", name.capitalize())
    for name in (
        "applications",
        "audit",
        "callbacks",
        "events",
        "fulfilments",
        "integrations",
        "keys",
        "listings",
        "orders",
        "prices",
        "rejects",
        "reports",
        "runs",
        "stock",
        "tokens",
        "webhooks",
    )
}


class Hub:
    """A hub on one database, with its channels. Make it with `Hub.open`.

    Its services are made when they are first asked for: to import them all takes as long as all else at the start.
    """

    if TYPE_CHECKING:
        applications: Applications
        audit: Audit
        callbacks: Callbacks
        events: Events
        fulfilments: Fulfilments
        integrations: Integrations
        keys: Keys
        listings: Listings
        orders: Orders
        prices: Prices
        rejects: Rejects
        reports: Reports
        runs: Runs
        stock: Stock
        tokens: Tokens
        webhooks: Webhooks

    def __init__(self, parts: Parts, settings: HubSettings) -> None:
        self.parts = parts
        self.settings = settings
        self.channels = parts.channels

    def __getattr__(self, name: str) -> Any:
        """Make a service; it stays."""
        if name not in _SERVICES:
            message = f"A hub has no '{name}'; it has: {', '.join(_SERVICES)}."
            raise AttributeError(message)
        module, kind = _SERVICES[name]
        make = getattr(import_module(module), kind)
        service = make(self.parts, self.sync) if name == "stock" else make(self.parts)
        setattr(self, name, service)
        return service

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        database_url: str | None = None,
        *,
        settings: HubSettings | None = None,
        clock: Clock | None = None,
        registry: ChannelRegistry | None = None,
    ) -> AsyncIterator[Hub]:
        """Open the hub: load the installed channels, and make the tables of an empty database.

        Raises SettingsError where the settings are wrong, SchemaError where the database is of another version.
        """
        settings = settings or HubSettings.load()
        parts = await asyncio.to_thread(_build, database_url or settings.url, settings, clock, registry)
        try:
            await finish_removals(parts)
            yield cls(parts, settings)
        finally:
            await parts.database.close()

    async def sync(
        self, integration: int | str, kind: str = "orders", *, progress: Callable[[Run], None] | None = None
    ) -> Run:
        """Run a flow now and wait for its end; *progress* is told the run as it goes on.

        Stock that waits for the store's orders gets them read, and what is given tells of all that was sent, or why it
        was not. A run that fails is given with its error. Raises ConflictError where the integration cannot run.
        """
        from hub_core.engine.syncs import Syncs  # noqa: PLC0415 - like the services

        return await Syncs(self.parts).run(integration, kind, progress)

    async def preview(self, integration: int | str, kinds: Sequence[str]) -> list[PlannedChange]:
        """Tell what runs of *kinds* (stock, prices) would send, from which figure to which; nothing is sent.

        Raises ConflictError where the integration cannot run, or a kind tells the store nothing.
        """
        from hub_core.services.preview import Previews  # noqa: PLC0415 - like the services

        return await Previews(self.parts).of(integration, kinds)

    async def request_sync(self, integration: int | str, kinds: Sequence[str]) -> list[Run]:
        """Ask for runs that the engine carries out."""
        return await self.runs.request(integration, kinds)

    def engine(self, kind: str = "serve") -> Engine:
        """Give what syncs all that is due; *kind* is what others call the process that runs it."""
        from hub_core.engine.engine import Engine  # noqa: PLC0415 - like the services

        return Engine(self.parts, kind)

    async def health(self) -> dict[str, Any]:
        """Tell how the hub as a whole is doing. Raises StorageError where the database does not answer."""
        return await Overview(self.parts).health()

    async def status(self) -> HubStatus:
        """Tell how everything in the hub is doing. Raises StorageError where the database does not answer."""
        return await Overview(self.parts).status()


def _build(url: str, settings: HubSettings, clock: Clock | None, registry: ChannelRegistry | None) -> Parts:
    clock = clock or SystemClock()
    database = Database(url, clock)
    if database.is_sqlite:
        file = Path(str(database.url.database))
        _make_folder(file.parent)
        with suppress(OSError):  # where it cannot be made, opening it says why
            file.touch(mode=0o600)
    keys = settings.secret_keys.get_secret_value() if settings.secret_keys else None
    with ExitStack() as where_it_fails:
        where_it_fails.callback(database.engine.dispose)
        schema.prepare(database)
        parts = Parts(
            database=database,
            channels=registry or ChannelRegistry.load(allowed=settings.channels),
            vault=Vault.open(settings.home, keys),
            clock=clock,
            allow_private=settings.allow_private_network,
            public_url=settings.address,
        )
        resume_readable(parts)
        align_flows(parts)
        where_it_fails.pop_all()
    return parts


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"The folder {folder} cannot be made ({error.strerror}); choose another with HUB_HOME or HUB_DATABASE_URL."
        ) from error
