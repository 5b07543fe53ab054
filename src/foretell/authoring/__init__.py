"""What an author runs at a terminal: the outline of a notebook, a headless run."""
