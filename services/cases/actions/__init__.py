"""What can be done with cases: one function a deed, each owning its transactions."""
