"""The chapters, in order; each is one file with one function `tell`."""
