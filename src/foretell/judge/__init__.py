"""VALUES -> verdicts: answers are read and compared here, purely and without torch."""
