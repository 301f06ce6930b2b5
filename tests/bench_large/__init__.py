"""Bench of large stores: what needs millions of rows, one entry a call; `make bench-large` runs it."""
