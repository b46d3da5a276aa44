"""Limits of documents, cost, rate, concurrency and open subscriptions."""
