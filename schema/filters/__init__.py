"""The input types that filter and sort lists."""
