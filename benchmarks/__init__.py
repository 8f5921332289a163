"""One file for each question; figures are ratios to a baseline of the same run."""
