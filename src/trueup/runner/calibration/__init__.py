"""The calibration run: a judge beside people, week after week."""
