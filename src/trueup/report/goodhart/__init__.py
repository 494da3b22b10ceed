"""The report of the Goodhart watch: terminal, Markdown, JSON, JUnit and one HTML page."""
