"""Sources of fields: which column, relation or expression answers a field."""
