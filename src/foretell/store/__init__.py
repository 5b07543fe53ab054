"""ATTEMPTS kept: an append-only store."""
