"""GraphQL over HTTP, WebSocket and Server-Sent Events."""
