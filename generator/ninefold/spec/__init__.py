"""The product's spec: its form, its meaning, and the lines of whatever is wrong with it."""

from ninefold.spec.load import load, load_text, load_with_data, validate
from ninefold.spec.problem import Problem, SpecError
from ninefold.spec.spec import Spec

__all__ = ["Problem", "Spec", "SpecError", "load", "load_text", "load_with_data", "validate"]
