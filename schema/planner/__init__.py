"""The read planner: a GraphQL operation becomes one SQL statement that returns the answer as JSON text.

``plan/catalog.py`` has the source of each field, declared in ``schema/types`` by functions of ``fields/``.
``plan/planner.py`` walks the selections of an operation and calls the source of each field, which returns a
SQL expression that writes JSON (``sql/``); lists add filter, order and cursors (``lists/``). The statement is
compiled once for a document; ``plan/parameters.py`` turns the variables of a request into its parameters.
"""
