"""Authentication, and the policy of who may use the server from where."""
