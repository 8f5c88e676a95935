"""A shop of the tests' own that is told stock and prices: parents, receipts, refusals, lost replies."""
