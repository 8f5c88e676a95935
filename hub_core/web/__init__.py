"""The web face of the hub: its HTTP API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from hub_core.hub import Hub


def create_app(hub: Hub) -> FastAPI:
    """Make the application of an open *hub*, which a larger one may mount under any prefix."""
    from hub_core.web import app  # noqa: PLC0415 - `hub serve` answers its first request before this is needed

    return app.create_app(hub)
