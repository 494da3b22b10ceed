"""Runs that compare a judge with users: backfill of past logs, and the watch over them."""
