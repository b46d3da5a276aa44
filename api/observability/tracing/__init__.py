"""OpenTelemetry traces: spans for HTTP requests, operations, transactions and statements, without any value.

The packages of OpenTelemetry are an extra, so only ``setup`` is imported while tracing is not enabled.

The spans are opened here, not by OpenTelemetry's instrumentation packages. The one for ASGI records the
client's address and the query string, which holds the variables of GET requests, and takes 165 us more per
request. The ones for asyncpg and sqlite3 record whole SQL texts, also those of background jobs.
"""
