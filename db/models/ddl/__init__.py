"""SQL expressions of the models that each database spells in its own way."""
