"""The orders of a plan for whoever places them: one line an order, with the account that it is booked on."""
