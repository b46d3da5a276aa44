"""Importers: one package per source; the modules here are shared by all of them."""
