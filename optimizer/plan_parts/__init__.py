"""The parts of a plan, read from an answer: one file per kind."""
