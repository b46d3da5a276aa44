"""Plain Strawberry and Ariadne: the same ORM sessions and data loaders below, two GraphQL libraries above."""
