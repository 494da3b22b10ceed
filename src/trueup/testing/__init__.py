"""Help for testing judges and whatever calls them: public, and free of heavy imports."""
