"""From tables to an evaluated model in the registry."""
