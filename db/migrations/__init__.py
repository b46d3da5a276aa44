"""How the tables came about, step by step. A step that has been released is never changed."""
