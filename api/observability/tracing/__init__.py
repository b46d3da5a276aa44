"""Traces for OpenTelemetry. Nothing below is imported unless they are wanted: its packages are an extra."""
