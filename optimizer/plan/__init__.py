"""A solution as a plan: its format, how it is read out, its warnings, and plans side by side."""
