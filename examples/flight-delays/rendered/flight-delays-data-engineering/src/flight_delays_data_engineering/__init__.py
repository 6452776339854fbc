"""Flight delays out of New York: the data-engineering repository."""
