"""Confinement of learner code on Linux: what a process is put into, and what it gives up before code runs in it."""
