"""Subscriptions: the event feed and the stream of responses."""
