"""The audit log, its hash chain and the events."""
