"""A platform of the tests' own on which merchants sign in, and whose tokens expire: unlike all other channels."""
