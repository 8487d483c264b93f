"""Measurements that anyone can repeat; each prints a table and ends non-zero when it is wrong."""
