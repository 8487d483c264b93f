"""Searches parameters of a model family, so that training has good ones without searching."""
