"""Delivery: the image of the service, its check, and what runs it elsewhere."""
