"""The GraphQL types and how each is answered."""
