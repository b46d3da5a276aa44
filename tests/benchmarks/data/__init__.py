"""The data of the benchmark: sizes, rows, databases, and samples for requests."""
