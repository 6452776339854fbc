"""Temperature at New York's airports, six hours ahead: the product repository."""
