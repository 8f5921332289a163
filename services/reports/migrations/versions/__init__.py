"""The migrations of reports, in order; each with the grants of what it makes."""
