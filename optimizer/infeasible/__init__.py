"""A request without a plan: what is short, what conflicts, the least changes that mend it."""
