"""How fast the server is beside the barest servers that do the same, and what one participant can do to the others."""
