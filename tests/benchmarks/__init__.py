"""The benchmark: this project, hand-written SQL and five peers on one PostgreSQL.

    uv run --group bench python -m tests.benchmarks --quick

All contestants use the same rows, ten connections, and the same settings of PostgreSQL (fsync is off, so that
the disk is not measured). Each gets requests for its own schema, and all responses are compared before the
measurement. Only this project writes an audit log; the others lock, check and close. Only ratios are
meaningful, because the speed of a machine varies.
"""
