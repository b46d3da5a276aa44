"""The sources of fields, and the functions that declare a field with one."""
