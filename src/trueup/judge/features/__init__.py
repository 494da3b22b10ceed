"""The embedded judge: surface and overlap features with a head fitted to a team's own labels."""
