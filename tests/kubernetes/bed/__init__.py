"""A real Kubernetes for the tests: built from pinned sources, started, stopped without a trace."""
