"""What the hub does: the rules of the business, each in one place. Services own the transactions."""
