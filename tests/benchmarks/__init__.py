"""The benchmark: this project, a hand-written SQL limit and five peers, on one database, in one run.

It is no part of the everyday suite. ``uv run python -m tests.benchmarks --help`` says how it is run.
"""
