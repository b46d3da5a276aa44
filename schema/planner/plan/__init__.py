"""From a GraphQL operation to a plan."""
