"""Telling what a plugin did wrong from what the hub or a person wanted, and saying it once."""

from __future__ import annotations

import asyncio
import logging
import re
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any, TypeVar

from hub_core.channels.redaction import BLANK, Redactor
from hub_core.domain.errors import HubError, InputError, PluginError

T = TypeVar("T")

logger = logging.getLogger("hub_core.channels")

_LONGEST = 300
_PYDANTIC_INPUT = re.compile(r"input_value=.*?, input_type=", re.DOTALL)


class WrongAnswer(Exception):
    """A hook answered something that the contract does not allow, said in a clause."""


def is_ctrl_c(error: BaseException) -> bool:
    """Tell a person's Ctrl-C from a KeyboardInterrupt that a plugin raised; in doubt it is the person's.

    asyncio.run raises it in a handler of its own; elsewhere in the main thread it may come up in any line.
    """
    if not isinstance(error, KeyboardInterrupt) or threading.current_thread() is not threading.main_thread():
        return False
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        return True
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and frames[-1].f_globals.get("__name__") == "asyncio.runners"


def clause(error: BaseException) -> str:
    """Say in a clause what was raised: its kind and the first line of its text."""
    if isinstance(error, WrongAnswer):
        return str(error)
    line = (str(error).strip().splitlines() or [""])[0][:_LONGEST].rstrip(".")
    return f"{type(error).__name__}: {line}" if line else type(error).__name__


@dataclass
class Blame:
    """Watches one use of a hook and turns what is foreign into a PluginError, logged the first time only.

    *secrets* are blanked wherever they turn up in what the plugin raised, errors of the hub as well.
    """

    channel: str
    hook: str
    secrets: frozenset[str] = frozenset()
    logged: bool = False

    def watch(self) -> Watch:
        """Let errors of the hub and cancellation from outside pass; the rest is the plugin's fault."""
        return Watch(self)

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call *function*, watched only once it has failed: a watch takes its time, and most texts can be read."""
        try:
            return function(*arguments)
        except BaseException:
            with self.watch():
                raise

    def fault(self, error: BaseException) -> PluginError:
        """Make the error that names the plugin, and log it with the traceback."""
        fault = PluginError(self.channel, self.hook, self.blanked(clause(error)))
        if not self.logged:
            self.logged = True
            logger.error("%s\n%s", fault, self.blanked("".join(traceback.format_exception(error))))
        return fault

    def hush(self, error: HubError) -> None:
        """Blank what must not be repeated in an error of the hub that a plugin raised, and in what it came from."""
        first, *origins = _chain(error)
        if self._tells(first):
            error.args = tuple(self.blanked(str(argument)) for argument in error.args)
            error.__notes__ = [self.blanked(note) for note in getattr(error, "__notes__", ())]
        if isinstance(error, InputError):
            error.fields = {name: self.blanked(sentence) for name, sentence in error.fields.items()}
        if any(map(self._tells, origins)):
            error.__cause__, error.__suppress_context__ = None, True

    def _tells(self, error: BaseException) -> bool:
        text = "\n".join((str(error), *getattr(error, "__notes__", ())))
        return self.blanked(text) != text

    def blanked(self, text: str) -> str:
        """Give *text* without what must not be repeated."""
        return _PYDANTIC_INPUT.sub(f"input_value={BLANK}, input_type=", self._redact(text))

    @cached_property
    def _redact(self) -> Redactor:
        return Redactor(self.secrets)


class Watch:
    """Judges what comes out of a `with` block."""

    def __init__(self, blame: Blame) -> None:
        self._blame = blame
        self._task = _running_task()
        self._cancelled_before = self._task.cancelling() if self._task else 0

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or _is_wanted(error, self._task, self._cancelled_before):
            return
        told = _hub_error_in(error)
        if told is None:
            # Without the cause: who does not catch it would print that, and it may hold anything. The log has it.
            raise self._blame.fault(error) from None
        self._blame.hush(told)
        if told is not error:
            raise told from None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give *error* and all that would be printed with it."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [each for each in (one.__cause__, one.__context__) if each is not None]
        waiting += one.exceptions if isinstance(one, BaseExceptionGroup) else ()


def _running_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop runs here
        return None


def _is_wanted(error: BaseException, task: asyncio.Task[Any] | None, cancelled_before: int) -> bool:
    if isinstance(error, asyncio.CancelledError):
        return task is not None and task.cancelling() > cancelled_before
    if isinstance(error, GeneratorExit):  # outside of its task a coroutine runs only to be thrown away
        return task is not None and _running_task() is not task
    return is_ctrl_c(error)


def _hub_error_in(error: BaseException) -> HubError | None:
    """Give the first of a group that holds nothing but hub errors, such as a task group makes."""
    while isinstance(error, BaseExceptionGroup) and error.split(HubError)[1] is None:
        error = error.exceptions[0]
    return error if isinstance(error, HubError) else None
