"""Every error of the hub, in one tree, sorted by what happens next.

HubError
├── InputError              somebody gave something that cannot be used: say which field and why
│   ├── NotFoundError       there is no such thing
│   ├── ConflictError       it clashes with what is there already
│   └── SettingsError       the hub's own set-up is wrong: it does not start
├── StorageError            the database cannot do it: nothing was changed
│   ├── SchemaError         the database belongs to another version of the hub
│   └── VaultError          stored credentials cannot be read: authorise again, or put back the key
├── LeaseLostError          another process owns this flow now: stop, write nothing
├── FlowClosedError         somebody switched the flow off: stop, send nothing
├── SupersededError         what was to be sent has changed meanwhile: send nothing, take the new figures
├── StalledError            nothing reaches this process any more: it ends, to be started again
└── ChannelError            the channel could not do what the hub asked
    ├── AuthorizationError      stop; the merchant must reauthorise
    ├── PermissionMissingError  stop; the merchant must grant the right that is named
    ├── UnavailableError        again later, after `retry_after` seconds where known
    │   ├── BudgetError         the store's rate limit leaves no room now
    │   └── NotReadyError       the platform still prepares it: again later from `cursor`
    ├── CursorExpiredError      the window starts again
    ├── RejectedError           this one item cannot be used; go on with the next
    ├── ResponseError           not understood: stop the run, keep the watermark
    │   └── PrivateNetworkError     the address leads where the hub must not go
    └── PluginError             the plugin itself is at fault
"""

from __future__ import annotations

from typing import Any, ClassVar


class HubError(Exception):
    """Something went wrong, said in one plain sentence that ends with what to do next."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str | None = None) -> None:
        """Take the sentence; the class's own docstring is the default."""
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])


class InputError(HubError):
    """Something that was given cannot be used."""

    code = "invalid"

    def __init__(self, message: str | None = None, *, fields: dict[str, str] | None = None) -> None:
        """Take the sentence and, per field that is wrong, a sentence of its own."""
        super().__init__(message)
        self.fields = fields or {}


class NotFoundError(InputError):
    """There is no such thing."""

    code = "not_found"


class ConflictError(InputError):
    """It clashes with what is there already."""

    code = "conflict"


class SettingsError(InputError):
    """The hub's settings are wrong."""

    code = "settings"


class StorageError(HubError):
    """The database cannot do this; nothing was changed."""

    code = "storage"


class SchemaError(StorageError):
    """The database belongs to another version of the hub."""

    code = "schema"


class VaultError(StorageError):
    """Stored credentials are damaged or not this integration's, so they cannot be read; authorise it again."""

    code = "vault"


class LeaseLostError(HubError):
    """Another process owns this flow now, so nothing more was written here."""

    code = "lease_lost"


class FlowClosedError(HubError):
    """The flow was switched off, so no further request left."""

    code = "disabled"


class SupersededError(HubError):
    """What was to be sent has changed meanwhile, so it was not sent."""

    code = "superseded"


class StalledError(HubError):
    """Nothing reaches this process any more, which only another start mends."""

    code = "stalled"


class ChannelError(HubError):
    """The channel could not do what the hub asked."""

    code = "channel"


class AuthorizationError(ChannelError):
    """The store no longer accepts our credentials; reauthorise the integration."""

    code = "needs_reauthorization"


class PermissionMissingError(ChannelError):
    """The store does not grant a right that this needs."""

    code = "permission_missing"

    def __init__(self, right: str, message: str | None = None) -> None:
        """Name the *right* as the platform calls it."""
        super().__init__(message or f"The store does not grant the right '{right}'; grant it there and verify again.")
        self.right = right


class UnavailableError(ChannelError):
    """The store cannot answer now; the hub tries again later."""

    code = "unavailable"

    def __init__(self, message: str | None = None, *, retry_after: float | None = None, passing: bool = False) -> None:
        """Take the seconds after which trying again makes sense, where the store says so.

        *passing* marks what may be over in a moment, so that the same request is worth repeating at once.
        """
        super().__init__(message)
        self.retry_after = retry_after
        self.passing = passing


class BudgetError(UnavailableError):
    """The store's rate limit leaves no room now; the hub goes on when it does."""

    code = "rate_budget"


class NotReadyError(UnavailableError):
    """The platform is still preparing the answer; the hub asks again later."""

    code = "not_ready"

    def __init__(self, cursor: Any, message: str | None = None, *, retry_after: float | None = None) -> None:
        """Take the *cursor* from which to ask again."""
        super().__init__(message, retry_after=retry_after)
        self.cursor = cursor


class CursorExpiredError(ChannelError):
    """The place where the read stopped is no longer known to the store; the window is read anew."""

    code = "cursor_expired"


class RejectedError(ChannelError):
    """This one item cannot be used."""

    code = "rejected"


class ResponseError(ChannelError):
    """The store answered something the hub does not understand."""

    code = "response"


class PrivateNetworkError(ResponseError):
    """The address leads into a private network."""

    code = "private_network"


class PluginError(ChannelError):
    """A channel plugin failed where it should have answered."""

    code = "plugin_fault"

    def __init__(self, channel: str, hook: str, message: str) -> None:
        """Name the *channel* and the *hook* that failed."""
        super().__init__(f"The plugin '{channel}' failed in {hook}: {message}. Report it to the plugin's author.")
        self.channel = channel
        self.hook = hook
