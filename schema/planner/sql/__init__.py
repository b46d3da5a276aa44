"""SQL expressions that the plans are made of, for both databases."""
