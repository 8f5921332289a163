"""Reports: statistics from all cases and enquiries, in which nobody can be identified."""
