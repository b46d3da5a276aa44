"""The playground: GraphiQL, with examples, for browsers that open the endpoint."""
