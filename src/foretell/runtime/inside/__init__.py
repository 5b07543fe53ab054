"""What runs in the process of learner code. Nothing here is trusted, and nothing outside of here runs there."""
