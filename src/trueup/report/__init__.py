"""Reports: results rendered for terminals and files; nothing is computed here."""
