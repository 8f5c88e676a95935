"""What the hub is about: orders, money, integrations, events. Knows pydantic and the standard library only."""
