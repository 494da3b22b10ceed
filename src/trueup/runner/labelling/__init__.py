"""Labelling: what people are asked, their answers as they give them, and labels in and out."""
