"""A sandbox on a loopback port of its own, for tests."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

import uvicorn
from starlette.types import ASGIApp


@runtime_checkable
class HasApp(Protocol):
    """Something that is served by its `app`."""

    @property
    def app(self) -> ASGIApp:
        """What answers the requests."""


class _ReadyServer(uvicorn.Server):
    """A server that says when it can be asked."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def listen(host: str, port: int) -> socket.socket:
    """Take a port (0: any free one); raise OSError where it is in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named in full, or asyncio does not take it for TCP and lets small answers wait for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def server_for(app: ASGIApp) -> _ReadyServer:
    """Make the server that *app* needs: its faults break connections off, which one kind of protocol allows."""
    config = uvicorn.Config(
        app, http="h11", ws="none", lifespan="on", log_level="critical", access_log=False, timeout_graceful_shutdown=1
    )
    return _ReadyServer(config)


@contextmanager
def serve(sandbox: ASGIApp | HasApp) -> Iterator[str]:
    """Serve an ASGI app, or what has one as its `app`, in a thread; yield its root, such as http://127.0.0.1:1."""
    listener = listen("127.0.0.1", 0)
    server = server_for(sandbox.app if isinstance(sandbox, HasApp) else sandbox)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        if not server.ready.wait(timeout=30):
            raise RuntimeError("The sandbox did not start within 30 seconds.")
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
