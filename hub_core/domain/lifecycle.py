"""The states of an integration and its legal moves: the one place that defines them.

```
awaiting_authorization --connect--> connected --lock_out--> needs_reauthorization
                                    connected <--resume, connect-- needs_reauthorization
```

Beside that, an integration is enabled or not, and each of its flows is switched on or off; these switches move in any
state. Removing ends everything: one that never was connected is erased, any other is *leaving* while its platform is
told, and *gone* once its credentials are destroyed. Nothing leads back: a store that is added anew is a new identity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from hub_core.domain.errors import ConflictError
from hub_core.domain.integrations import ConnectionState, Flow


class Presence(StrEnum):
    """Whether an integration is there, being removed, or removed."""

    PRESENT = "present"
    LEAVING = "leaving"
    GONE = "gone"
    ERASED = "erased"


class Move(StrEnum):
    """What can happen to an integration."""

    CONNECT = "connect"
    LOCK_OUT = "lock_out"
    RESUME = "resume"
    ENABLE = "enable"
    DISABLE = "disable"
    REMOVE = "remove"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an integration stands. *was_connected* tells whether there is anything of it to be kept."""

    connection: ConnectionState = ConnectionState.AWAITING_AUTHORIZATION
    enabled: bool = True
    presence: Presence = Presence.PRESENT
    was_connected: bool = False

    @property
    def works(self) -> bool:
        """Tell whether its flows may be open, as far as each is switched on."""
        return self.presence is Presence.PRESENT and self.enabled and self.connection is ConnectionState.CONNECTED

    def after(self, move: Move) -> Standing:
        """Give where *move* leads: the same standing where it changes nothing. Raises ConflictError if not legal."""
        if not self.allows(move):
            raise ConflictError(f"What is {self.presence} and {self.connection} cannot {move.replace('_', ' ')}.")
        return _MOVES[move](self)

    def allows(self, move: Move) -> bool:
        """Tell whether *move* is legal here."""
        if self.presence is not Presence.PRESENT:
            return move is Move.FORGET and self.presence in (Presence.LEAVING, Presence.GONE)
        return move is not Move.FORGET and self.connection in _FROM.get(move, ConnectionState)

    def changes(self, move: Move) -> bool:
        """Tell whether *move* is legal here and leads anywhere else."""
        return self.allows(move) and self.after(move) != self

    def runs(self, flow: Flow, off: frozenset[Flow] = frozenset()) -> bool:
        """Tell whether requests of *flow* may leave while the flows *off* are switched off."""
        return self.works and flow not in off


def _connected(standing: Standing) -> Standing:
    return replace(standing, connection=ConnectionState.CONNECTED, was_connected=True)


def _removed(standing: Standing) -> Standing:
    presence = Presence.LEAVING if standing.was_connected else Presence.ERASED
    return replace(standing, presence=presence, enabled=False)


_FROM: Final[Mapping[Move, tuple[ConnectionState, ...]]] = {
    Move.LOCK_OUT: (ConnectionState.CONNECTED,),
    Move.RESUME: (ConnectionState.NEEDS_REAUTHORIZATION,),
}
"""From which connection a move begins, where not from any."""

_MOVES: Final[Mapping[Move, Callable[[Standing], Standing]]] = {
    Move.CONNECT: _connected,
    Move.LOCK_OUT: lambda standing: replace(standing, connection=ConnectionState.NEEDS_REAUTHORIZATION),
    Move.RESUME: _connected,
    Move.ENABLE: lambda standing: replace(standing, enabled=True),
    Move.DISABLE: lambda standing: replace(standing, enabled=False),
    Move.REMOVE: _removed,
    Move.FORGET: lambda standing: replace(standing, presence=Presence.GONE),
}
