"""Temperature at New York's airports, six hours ahead: the data-engineering repository."""
