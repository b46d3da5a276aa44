"""The processes of a run: servers, load generator, and the database that they share."""
