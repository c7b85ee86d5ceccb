"""The `chipmix` command. Each command parses, calls one library function and prints.

Libraries that take long to import are imported where they are used, so that help is instant.
"""
