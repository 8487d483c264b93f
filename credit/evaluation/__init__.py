"""What predictions are worth, and how sure that is: for training's evidence and for the gate."""
