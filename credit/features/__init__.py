"""Features: one definition for training and serving."""
