"""Exports with users' feedback, one module a platform: how to tell one, and read it."""
