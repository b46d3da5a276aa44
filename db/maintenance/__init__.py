"""What may be wrong with a database, and what to do about it."""
