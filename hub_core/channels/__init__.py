"""The contract with channel plugins, and what carries it out: finding them, asking them, talking HTTP for them."""
