"""Judges: the contract, and every kind of judge that trueup ships."""
