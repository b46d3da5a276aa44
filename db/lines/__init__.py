"""Lines of quotes and contracts: validation, totals, rows."""
