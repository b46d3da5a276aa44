"""The contents of the sample data, written in the terms of ``spec``."""
