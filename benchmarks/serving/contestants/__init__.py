"""Who is compared: each starts its server as its users would."""
