"""Compiles a GraphQL operation into a plan, with the sources that the catalog holds."""
