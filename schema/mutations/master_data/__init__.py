"""Mutations of accounts, competitors and status reasons."""
