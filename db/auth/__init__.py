"""API tokens and identities of users."""
