"""Cursors, filters and orders of lists."""
