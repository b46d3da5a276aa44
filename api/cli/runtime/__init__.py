"""What several commands need: the open database, the access policy, the startup banner."""
