"""Runners: one module per kind of run; order, concurrency, budget and resume, nothing computed."""
