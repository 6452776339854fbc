"""The plan: which repositories, technologies, environments and contracts follow from a spec."""

from ninefold.plan.make import PlanError, Prepared, make, prepare
from ninefold.plan.plan import Plan

__all__ = ["Plan", "PlanError", "Prepared", "make", "prepare"]
