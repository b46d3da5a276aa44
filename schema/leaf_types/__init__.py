"""Scalars and enums, the leaf types of the schema."""
