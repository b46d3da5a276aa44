"""Mutations of opportunities."""
