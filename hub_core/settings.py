"""The hub's own settings: environment variables and a `.env` file, all with a working default."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv.parser import parse_stream
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hub_core.domain.errors import SettingsError

_PREFIX = "HUB_"
ENV_FILE = ".env"


class HubSettings(BaseSettings):
    """What the person who runs the hub decides."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_file=ENV_FILE, extra="ignore", frozen=True)

    home: Path = Field(
        default=Path("~/.hub"), description="folder for the database, the key file and logs", validate_default=True
    )
    database_url: SecretStr | None = Field(default=None, description="sqlite:///FILE or postgresql+psycopg://…")
    secret_keys: SecretStr | None = Field(default=None, description="keys for stored credentials, the first encrypts")
    host: str = Field(default="127.0.0.1", description="where `hub serve` listens")
    port: int = Field(default=8000, ge=0, le=65535, description="where `hub serve` listens")
    public_url: str | None = Field(default=None, description="address under which stores reach the hub")
    allow_private_network: bool = Field(default=False, description="1 lets channels call private addresses")
    channels: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        default=None, description="comma-separated keys of the channels to load"
    )
    log_format: Literal["console", "json"] | None = Field(default=None, description="console or json")

    @field_validator("home")
    @classmethod
    def _expand(cls, home: Path) -> Path:
        return home.expanduser()

    @field_validator("channels", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def url(self) -> str:
        """The database's address, with its password."""
        return self.database_url.get_secret_value() if self.database_url else f"sqlite:///{self.home / 'hub.db'}"

    @property
    def address(self) -> str:
        """The address under which stores and people reach the hub, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @classmethod
    def load(cls) -> HubSettings:
        """Read the settings. Raises SettingsError with the variable that is wrong and why."""
        try:
            _read_file(cls)
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            name = _PREFIX + str(first["loc"][0]).upper() if first["loc"] else "a setting"
            raise SettingsError(f"{name} cannot be used: {first['msg']}. Change it or leave it out.") from error
        except (OSError, UnicodeError) as error:
            raise SettingsError(f"The file .env cannot be read ({error}); mend or remove it.") from error


def _lines(file: Path) -> dict[str, str | None]:
    """Read `.env`. Raises SettingsError with the line that cannot be read."""
    if not file.is_file():
        return {}
    bindings = list(parse_stream(io.StringIO(file.read_text(encoding="utf-8"))))
    for binding in bindings:
        if binding.error:
            line = binding.original.line
            raise SettingsError(f"Line {line} of the file .env cannot be read; write NAME=VALUE or remove it.")
    return {binding.key: binding.value for binding in bindings if binding.key is not None}


def _read_file(model: type[HubSettings]) -> None:
    """Look through `.env` too: a misspelt setting is not passed over in silence, and channels read theirs there."""
    written = _lines(Path(ENV_FILE))
    known = {_PREFIX + name.upper() for name in model.model_fields}
    for name in sorted({*os.environ, *written}):
        if name.upper().startswith(_PREFIX) and name.upper() not in known:
            raise SettingsError(f"There is no setting {name}; the settings are {', '.join(sorted(known))}.")
    for name, value in written.items():
        if value is not None and not name.upper().startswith(_PREFIX):
            os.environ.setdefault(name, value)
