"""Who a credential belongs to: API tokens, OpenID Connect users, and lookup of users by name."""
