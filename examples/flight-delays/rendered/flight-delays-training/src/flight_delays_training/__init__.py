"""Flight delays out of New York: the training repository."""
