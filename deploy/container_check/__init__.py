"""Checks the image of a Bento by building, running, asking and stopping it."""
