"""The migrations of cases, in order; each with the grants of what it makes."""
