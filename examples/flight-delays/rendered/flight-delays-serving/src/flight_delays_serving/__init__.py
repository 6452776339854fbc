"""Flight delays out of New York: the serving repository."""
