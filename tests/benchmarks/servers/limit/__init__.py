"""The limit: SQL written by hand. One statement makes the JSON text of a read, and its bytes pass through."""
