"""Programs that other Pythons run: the peers' and the in-process limit. They import nothing of foretell's."""
