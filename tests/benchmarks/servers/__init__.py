"""The Python contestants, each written as its users would write it."""
