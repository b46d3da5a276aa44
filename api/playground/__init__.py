"""The playground: GraphiQL for the browser that opens the endpoint, with examples to press play on."""
