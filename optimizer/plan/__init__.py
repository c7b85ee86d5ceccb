"""A solution as a plan: its format, how it is read out, its warnings, and plans side by side.

`from optimizer import plan` gives this package, which can also be called: `plan("quick_start")`. See docs/python.md.
"""
