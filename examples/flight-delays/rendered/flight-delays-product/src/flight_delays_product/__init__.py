"""Flight delays out of New York: the product repository."""
