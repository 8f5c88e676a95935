"""What goes wrong while a sandbox is steered."""

from __future__ import annotations


class SteeringError(Exception):
    """What somebody asked of the sandbox makes no sense; the text says why."""
