"""What is asked: a scenario, its checks, its calendar and schedules, and edits of it."""
