"""Deciding before it is known which future comes: courses of events, one decision for all of them, what it is worth."""
