"""Features whose values depend on what was fitted on training clients: their state, and its use."""
