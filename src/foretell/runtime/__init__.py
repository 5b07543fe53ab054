"""CELLS -> Run: the learner's code runs here, in a process of its own."""
