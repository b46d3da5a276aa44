"""Mutations: one per module, and the runner of them all."""
