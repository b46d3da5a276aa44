"""The benchmark: this project, SQL written by hand and five peers, on one PostgreSQL, in one run.

    uv run --group bench python -m tests.benchmarks --quick

All get the same server settings (no waiting for the disk, so that what is compared is what the programs do),
ten connections each, and the same rows; each is asked in its own schema, and all answers are compared before
anything is measured. Only this project journals its changes: the others lock, check, close and record.
Only ratios mean anything, because absolute figures move with the machine's mood.
"""
