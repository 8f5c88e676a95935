"""Loading one plugin and judging it by the contract."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from importlib.metadata import EntryPoint
from types import MappingProxyType
from typing import Any, Final, TypeVar

import pluggy

from hub_core.channels.blame import clause, is_ctrl_c
from hub_core.channels.channel import Channel, Hook
from hub_core.channels.hookspecs import OBSERVER_SPECS, REQUIRED, SPECS
from hub_core.channels.observer import Observer
from hub_core.channels.redaction import secret_fields
from hub_core.domain.channels import CONTRACT_VERSION, ChannelInfo
from hub_core.domain.errors import InputError
from hub_core.domain.polls import Poll

T = TypeVar("T")

_OBSERVES: Final = "event_recorded"
_STREAM: Final = "an async generator (async def with yield)"


class Unfit(Exception):
    """Why a plugin cannot be used, in a sentence."""


def load_channel(entry: EntryPoint) -> Channel:
    """Import the plugin of *entry*. Raises Unfit, whatever the plugin itself raised, where it cannot be used."""
    plugin = _guarded("It cannot be imported", entry.load)
    return _guarded("Its hooks cannot be read", lambda: _channel(entry, plugin))


def origin_of(entry: EntryPoint) -> tuple[str, str]:
    """Tell the name and version of the distribution that *entry* was installed with."""
    if entry.dist is None:
        return "an unknown distribution", ""
    return entry.dist.name, entry.dist.version


def _guarded(doing: str, function: Callable[[], T]) -> T:
    try:
        return function()
    except BaseException as error:
        if is_ctrl_c(error) or isinstance(error, Unfit):
            raise
        if isinstance(error, InputError):
            raise Unfit(str(error)) from error  # somebody set the channel up wrongly, and the sentence says how
        raise Unfit(f"{doing}: {clause(error)}. Report it to the plugin's author.") from error


def _channel(entry: EntryPoint, plugin: Any) -> Channel:
    contract = _contract()
    hooks = _implementations(plugin, contract)
    info = _described(entry.name, hooks, contract)  # another version of the contract explains all that follows
    for name, function in hooks.items():
        _check_hook(name, function, contract)
    missing = [name for name in REQUIRED if name not in hooks]
    if missing:
        raise Unfit(f"It brings no {' and no '.join(missing)}, which every channel needs.")
    if ("subscribe_webhooks" in hooks) != ("receive_webhook" in hooks):
        raise Unfit("Of subscribe_webhooks and receive_webhook it brings only one, but each is of no use alone.")
    if "push_fulfilments" in hooks and "fetch_order" not in hooks:
        raise Unfit("It brings push_fulfilments without fetch_order, by which the hub looks what became of a parcel.")
    if "fetch_orders" in hooks and Poll.NEW not in info.polls:
        raise Unfit("It can fetch orders, but does not list the poll 'new', which every such channel needs.")
    distribution, version = origin_of(entry)
    return Channel(info=info, distribution=distribution, version=version, hooks=MappingProxyType(hooks))


def load_observer(entry: EntryPoint) -> Observer:
    """Import the observer of *entry*. Raises Unfit, whatever the plugin itself raised, where it cannot be used."""
    plugin = _guarded("It cannot be imported", entry.load)
    return _guarded("Its hooks cannot be read", lambda: _observer(entry, plugin))


def _observer(entry: EntryPoint, plugin: Any) -> Observer:
    contract = _contract(OBSERVER_SPECS)
    hooks = _implementations(plugin, contract)
    for name, function in hooks.items():
        _check_hook(name, function, contract)
    if _OBSERVES not in hooks:
        raise Unfit(f"It brings no {_OBSERVES}, without which it observes nothing (is it marked with @hookimpl?).")
    distribution, version = origin_of(entry)
    return Observer(entry.name, distribution, version, hooks[_OBSERVES])


def _contract(areas: Sequence[type] = SPECS) -> dict[str, Hook]:
    plugins = pluggy.PluginManager("hub")
    for specs in areas:
        plugins.add_hookspecs(specs)
    return {name: caller.spec.function for name, caller in vars(plugins.hook).items()}


def _implementations(plugin: Any, contract: Mapping[str, Hook]) -> dict[str, Hook]:
    plugins = pluggy.PluginManager("hub")
    plugins.register(plugin)
    hooks: dict[str, Hook] = {}
    for caller in plugins.get_hookcallers(plugin) or ():
        first, *others = caller.get_hookimpls()
        if others:
            raise Unfit(f"It brings {caller.name} more than once.")
        if first.wrapper or first.hookwrapper:
            raise Unfit(f"Its {caller.name} wraps other implementations, but a channel has only its own.")
        if caller.name in contract or not first.optionalhook:
            hooks[caller.name] = first.function
    return hooks


def _described(key: str, hooks: Mapping[str, Hook], contract: Mapping[str, Hook]) -> ChannelInfo:
    if "describe_channel" not in hooks:
        raise Unfit("It brings no describe_channel, which every channel needs (is it marked with @hookimpl?).")
    _check_hook("describe_channel", hooks["describe_channel"], contract)
    info: Any = _guarded("Its describe_channel failed", hooks["describe_channel"])
    if not isinstance(info, ChannelInfo):
        raise Unfit(f"Its describe_channel gave a value of type {type(info).__name__} instead of a ChannelInfo.")
    if info.contract_version != CONTRACT_VERSION:
        older = "plugin" if info.contract_version < CONTRACT_VERSION else "hub"
        raise Unfit(
            f"It was made for version {info.contract_version} of the contract with plugins, and this hub has version "
            f"{CONTRACT_VERSION}; upgrade the {older}."
        )
    if info.key != key:
        raise Unfit(f"It calls itself '{info.key}', but its entry point is named '{key}'; both must be the same.")
    if hidden := secret_fields(info.settings):
        raise Unfit(
            f"Its settings hold a secret ({', '.join(hidden)}); it belongs to the credentials, which are sealed."
        )
    return info


def _check_hook(name: str, function: Hook, contract: Mapping[str, Hook]) -> None:
    if name not in contract:
        close = get_close_matches(name, contract, n=1)
        raise Unfit(f"There is no hook '{name}'; is '{close[0]}' meant?" if close else f"There is no hook '{name}'.")
    if _kind(function) != _kind_asked(contract[name]):
        raise Unfit(f"Its {name} is {_kind(function)}, but must be {_kind_asked(contract[name])}.")
    known = inspect.signature(contract[name]).parameters.keys() - {"self"}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise Unfit(f"Its {name} takes '{parameter}', but arguments are passed by name: spell each out.")
        if parameter.name not in known:
            raise Unfit(f"Its {name} takes an argument '{parameter.name}' that the contract does not have.")
        if parameter.default is not parameter.empty:
            raise Unfit(f"Its {name} gives '{parameter.name}' a default, but it is always passed: leave that out.")


def _kind(function: Hook) -> str:
    if inspect.isasyncgenfunction(function):
        return _STREAM
    if inspect.iscoroutinefunction(function):
        return "a coroutine function (async def)"
    return "a generator" if inspect.isgeneratorfunction(function) else "a plain function"


def _kind_asked(spec: Hook) -> str:
    return _STREAM if str(inspect.signature(spec).return_annotation).startswith("AsyncIterator") else _kind(spec)
