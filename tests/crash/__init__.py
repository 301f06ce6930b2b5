"""Crashes: real processes on a real store, killed at any moment; what was acknowledged must be there, and once."""
