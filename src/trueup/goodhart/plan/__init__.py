"""What traffic, feedback and time a decision needs, before anything is launched."""

from __future__ import annotations

from trueup.goodhart.plan.plan import Plan, plan_watch

__all__ = ["Plan", "plan_watch"]
