"""The commands, by their nouns."""
