"""
What a new stack is filled with: the lists that everybody chooses from, and invented students.

The lists (`*.toml`) are true and part of every installation. The people (`people.py`) are invented,
from a seed, for the demo, the tests and the benchmarks; `load.py` puts them in through the gateway,
as staff members would.
"""
