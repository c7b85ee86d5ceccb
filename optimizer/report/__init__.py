"""A plan as one page of HTML, for people who get no Excel: tables and drawings, no script, nothing from a network."""
