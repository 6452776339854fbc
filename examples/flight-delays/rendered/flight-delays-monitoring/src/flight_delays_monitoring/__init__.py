"""Flight delays out of New York: the monitoring repository."""
