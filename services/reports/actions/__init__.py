"""What can be done: one function for each thing, which owns its transactions."""
