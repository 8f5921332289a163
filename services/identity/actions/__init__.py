"""What identity can do: one function for each, and each owns its transaction."""
