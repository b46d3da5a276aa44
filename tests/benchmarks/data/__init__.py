"""The data that every contestant answers from: how much, which rows, how they get in, what is asked about."""
