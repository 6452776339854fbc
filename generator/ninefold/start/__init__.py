"""A first product.yaml: blank with comments, or a worked example."""

from ninefold.start.text import Answers, blank, example, examples

__all__ = ["Answers", "blank", "example", "examples"]
