"""The read planner: a GraphQL operation becomes one SQL statement that returns its answer as JSON text."""
