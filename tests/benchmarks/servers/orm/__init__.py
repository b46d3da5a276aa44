"""The ORM sessions, queries and data loaders that the Strawberry and Ariadne peers share."""
