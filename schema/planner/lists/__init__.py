"""Filters, orders and cursors of lists."""
