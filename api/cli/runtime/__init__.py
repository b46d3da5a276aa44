"""What several commands need: the open database, access, the start-up banner."""
