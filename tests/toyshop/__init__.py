"""A shop of the tests' own: a second channel, with settings unlike 3DCart's, that lives in memory."""
