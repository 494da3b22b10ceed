"""Rubrics: what they mean, how they are read, checked, compared and scored."""
