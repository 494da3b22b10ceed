"""Render a calibration run: terminal, Markdown, JUnit XML, JSON and HTML."""
