"""One file for each noun of the staff command."""
