"""The running server: uvicorn, shutdown, health checks, background jobs."""
