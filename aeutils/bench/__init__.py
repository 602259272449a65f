"""How fast the course's training loop is beside the usual one, and how time and memory grow."""
