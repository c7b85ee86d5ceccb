"""Many plans of one scenario: grids of settings, cost against something else, plans of nearly the best cost."""
