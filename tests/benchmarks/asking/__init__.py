"""How each contestant is asked for the same things, and how its answers are brought to one shape."""
