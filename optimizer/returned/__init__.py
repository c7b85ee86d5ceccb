"""A plan that comes back, held against its seal, its inputs and its decisions."""
