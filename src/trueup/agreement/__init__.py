"""Agreement and estimation: pure functions on arrays and counts, without I/O."""
