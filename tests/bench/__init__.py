"""Bench: how fast it is beside what others use for the same; `make bench` runs it."""
