"""What tests of the hub and of channel plugins are made with."""

from hub_core.domain.budget import NoBudget as NoBudget
