"""Identity's migrations, in order; each with the grants of what it makes."""
