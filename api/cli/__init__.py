"""The command line, `dealdesk`."""
