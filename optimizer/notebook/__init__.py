"""Plans in Python and its notebooks: what the commands do, with each table of a plan as a DataFrame."""
