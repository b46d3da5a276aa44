"""Organizations and their master data: accounts, competitors and status reasons."""
