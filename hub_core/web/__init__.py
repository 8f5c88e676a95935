"""The web face of the hub: its HTTP API."""

from hub_core.web.app import create_app

__all__ = ["create_app"]
