"""DDL expressions of the models: computed columns, indexes, functions."""
