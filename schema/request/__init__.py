"""What belongs to one request: its operation, its context, its permissions."""
