"""A local store that answers like the 3DCart REST API, for trials and tests."""

from hub_core.testing.store.serving import serve
from hub_threedcart.sandbox.sandbox import API_ROOT, Sandbox
from hub_threedcart.sandbox.shop import ThreeDCartShop

__all__ = ["API_ROOT", "Sandbox", "ThreeDCartShop", "serve"]
