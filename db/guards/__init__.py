"""What every write does first: idempotency, locks, preconditions."""
