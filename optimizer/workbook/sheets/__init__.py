"""The sheets, each in a file named as its tab, with the parts of the large ones beside it."""
