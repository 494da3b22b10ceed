"""Transports: how a call reaches a model. The only place that imports litellm or instructor."""
