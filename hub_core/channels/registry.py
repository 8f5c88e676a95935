"""Finding the installed channels: each is loaded by itself, and what cannot be used is remembered with the reason."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from importlib.metadata import EntryPoint
from types import MappingProxyType

from hub_core.channels.channel import Channel
from hub_core.channels.loading import Unfit, load_channel, load_observer, origin_of
from hub_core.channels.observer import Observer
from hub_core.domain.channels import ChannelFault
from hub_core.domain.errors import NotFoundError

logger = logging.getLogger("hub_core.channels")

GROUP = "hub.channels"
OBSERVERS = "hub.observers"


@dataclass(frozen=True, slots=True)
class ChannelRegistry:
    """The installed channels by key, the observers, and the plugins that cannot be used."""

    channels: Mapping[str, Channel]
    faults: tuple[ChannelFault, ...]
    left_out: tuple[str, ...] = ()
    observers: tuple[Observer, ...] = ()
    observer_faults: tuple[ChannelFault, ...] = ()

    @classmethod
    def load(
        cls, entry_points: Iterable[EntryPoint] | None = None, allowed: Collection[str] | None = None
    ) -> ChannelRegistry:
        """Load what is installed (by default all entry points), of the channels only those with *allowed* keys."""
        entries = sorted(_installed() if entry_points is None else entry_points, key=_order)
        found = [entry for entry in entries if entry.group != OBSERVERS]
        observers, observer_faults = _observing([entry for entry in entries if entry.group == OBSERVERS])
        wanted = [entry for entry in found if allowed is None or entry.name in allowed]
        channels, faults = _loaded(wanted)
        absent = sorted(set(allowed or ()) - {entry.name for entry in found})
        return cls(
            channels=MappingProxyType(channels),
            faults=(*faults, *map(_absent, absent)),
            left_out=tuple(sorted({entry.name for entry in found} - {entry.name for entry in wanted})),
            observers=tuple(observers),
            observer_faults=tuple(observer_faults),
        )

    def only(self, keys: Collection[str]) -> ChannelRegistry:
        """Give a registry of some of its channels, for a process that leaves the others to another."""
        kept = {key: channel for key, channel in self.channels.items() if key in keys}
        left_out = tuple(sorted({*self.left_out, *self.channels} - kept.keys()))
        return replace(self, channels=MappingProxyType(kept), left_out=left_out)

    def channel(self, key: str) -> Channel:
        """Give the channel *key*. Raises NotFoundError with the reason where it cannot be used."""
        if key in self.channels:
            return self.channels[key]
        for fault in self.faults:
            if fault.key == key:
                raise NotFoundError(f"The channel '{key}' cannot be used: {fault.reason}")
        if key in self.left_out:
            raise NotFoundError(f"The channel '{key}' is installed, but HUB_CHANNELS does not list it; add it there.")
        names = ", ".join(self.channels) or "none"
        raise NotFoundError(
            f"There is no channel '{key}'. Installed: {names}. Name one of these, or install the plugin that brings it."
        )


def _installed() -> Iterable[EntryPoint]:
    return [*metadata.entry_points(group=GROUP), *metadata.entry_points(group=OBSERVERS)]


def _loaded(entries: Iterable[EntryPoint]) -> tuple[dict[str, Channel], list[ChannelFault]]:
    channels: dict[str, Channel] = {}
    faults = []
    for entry in entries:
        try:
            _check_free(entry, channels.get(entry.name))
            channels[entry.name] = load_channel(entry)
        except Unfit as error:
            faults.append(ChannelFault(key=entry.name, distribution=origin_of(entry)[0], reason=str(error)))
            logger.warning("The plugin of the channel '%s' cannot be used: %s", entry.name, error)
            logger.debug("How it came to that:", exc_info=error.__cause__ or error)
    return channels, faults


def _observing(entries: Iterable[EntryPoint]) -> tuple[list[Observer], list[ChannelFault]]:
    observers: dict[str, Observer] = {}
    faults = []
    for entry in entries:
        try:
            _check_alone(observers.get(entry.name))
            observers[entry.name] = load_observer(entry)
        except Unfit as error:
            faults.append(ChannelFault(key=entry.name, distribution=origin_of(entry)[0], reason=str(error)))
            logger.warning("The observer '%s' cannot be used: %s", entry.name, error)
            logger.debug("How it came to that:", exc_info=error.__cause__ or error)
    return list(observers.values()), faults


def _check_alone(other: Observer | None) -> None:
    if other is not None:
        raise Unfit(f"{other.distribution} brings an observer of this name, too; uninstall one of them.")


def _check_free(entry: EntryPoint, owner: Channel | None) -> None:
    if owner is not None:
        raise Unfit(
            f"Both {owner.distribution} and {origin_of(entry)[0]} bring a channel '{entry.name}', and the former is "
            "used; uninstall one of them."
        )


def _order(entry: EntryPoint) -> tuple[str, str]:
    return entry.name, origin_of(entry)[0]


def _absent(key: str) -> ChannelFault:
    return ChannelFault(
        key=key,
        distribution="",
        reason="HUB_CHANNELS lists it, but no installed plugin brings it; install one, or take it off the list.",
    )
