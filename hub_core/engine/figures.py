"""The engine's figures, in one place: change one only with a measurement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """How many flows a process works on, and how often it looks. Times are in seconds."""

    slots: int = 40
    reserved: int = 10
    """Slots that only flows take which are at least as urgent as *urgent*."""
    urgent: int = 7
    tick: float = 0.25
    wait: float = 1.0
    """How long the engine waits where the database does not answer or what it holds has a fault."""
    stop: float = 8.0
    """How long flows have for coming to a safe point once the engine is to stop."""
