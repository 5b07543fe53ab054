"""Foretell plays a plain teaching notebook as a lesson that holds its reader to their predictions."""
