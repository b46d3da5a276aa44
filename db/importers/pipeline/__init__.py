"""Importer of a CRM's sales pipeline from four CSV files."""
