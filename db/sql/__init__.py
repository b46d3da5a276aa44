"""Database interfaces, compiled statements and column types."""
