"""Who the caller is, and whether the server may be used from there."""
