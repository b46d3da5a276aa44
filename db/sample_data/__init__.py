"""Sample data: two organizations with opportunities, quotes and contracts in every state."""
