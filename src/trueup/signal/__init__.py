"""Signals: what production recorded about items, sessions, traces and groups."""
