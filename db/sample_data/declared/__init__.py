"""The sample companies, as data."""
