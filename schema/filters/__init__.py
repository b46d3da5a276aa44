"""Filter and order inputs, and the lists that take them."""
