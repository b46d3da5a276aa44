"""SQL expressions for both databases: JSON text, dates, the window of rows that a page shows."""
