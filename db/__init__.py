"""What is stored, and the rules for changing it."""
