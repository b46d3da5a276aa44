"""The baseline: hand-written SQL. One statement returns the JSON text of a read, which is sent unchanged."""
