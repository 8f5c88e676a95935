"""The hub, killed at any statement of any work: it ends as if nothing had happened."""
