"""Health checks (`dealdesk doctor`), and backup and restore of the embedded database."""
