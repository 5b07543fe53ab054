"""The web door: pages, fragments and streams over one learner's session."""
