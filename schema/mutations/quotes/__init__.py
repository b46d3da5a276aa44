"""Mutations of quotes."""
