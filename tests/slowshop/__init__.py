"""A shop of the tests' own for several processes: it lives in the test, and answers when the test lets it."""
