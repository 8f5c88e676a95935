"""How integrations and their flows are doing: one state, one reason, one sentence that says what to do."""
