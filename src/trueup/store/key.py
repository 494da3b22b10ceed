"""Keys under which a store finds what it knows."""

from __future__ import annotations

import hashlib


def verdict_key(instrument: bytes, content: bytes, replicate: int, occasion: str) -> bytes:
    """Return the 16-byte key of one criterion's verdict about a content in a sitting."""
    suffix = f"{replicate}/{occasion}".encode() if replicate or occasion else b""
    return hashlib.sha256(instrument + content + suffix).digest()[:16]
