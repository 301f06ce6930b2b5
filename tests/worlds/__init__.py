"""Worlds of known truth: small made-up companies whose true figures are known before any ticket is drawn."""
