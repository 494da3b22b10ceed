"""Labels: people's answers to the criteria, from files and to files, and what they are worth."""
