"""The requests that each contestant gets for a workload, and the normalization of the responses."""
