"""The 3DCart channel of the hub."""
