"""Ninefold: one product spec in; a family of repositories and a platform out."""
