"""Rows folded from facts, and the questions asked of rows. Pure."""
