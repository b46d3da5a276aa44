"""Pure domain code: no I/O, no SQLAlchemy."""
