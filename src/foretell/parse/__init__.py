"""FILES -> Lesson: notebooks and overlays are read here, purely."""
