"""Exports of labelling tools, one module a tool: how to tell one, read it, and write its import."""
