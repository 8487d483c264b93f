"""The commands of `credit`, each a thin function: it reads settings, calls, and prints."""
