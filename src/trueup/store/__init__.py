"""The store: calls, verdicts and observations, kept so that nothing is asked twice."""
