"""When work runs: which flows are due, who works on them, and what follows from how they end."""
