"""`hub sync`: reading stores and telling them, now, in the foreground."""
