"""Logs, metrics, request ids and traces."""
