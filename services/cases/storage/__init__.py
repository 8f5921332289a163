"""The tables of cases, what is sealed in them, and the one way to have it opened."""
