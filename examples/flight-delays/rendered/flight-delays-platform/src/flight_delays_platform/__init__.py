"""Flight delays out of New York: the platform repository."""
