"""Giving integrations the flows that their channels have come to be able to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub_core.storage.flows import FlowRepository

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub_core.services.parts import Parts


def align_flows(parts: Parts) -> None:
    """Add and open what is lacking, once when the hub is opened; writes only where something is."""
    able = {key: channel.flows for key, channel in parts.channels.channels.items()}

    def align(connection: Connection) -> None:
        flows = FlowRepository(connection, parts.database)
        for integration_id, lacking, runs in flows.lacking(able):
            flows.add(integration_id, lacking)
            if runs:
                flows.open(integration_id, lacking)

    if parts.database.read_now(lambda connection: FlowRepository(connection, parts.database).lacking(able)):
        parts.database.write_now(align)
