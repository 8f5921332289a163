"""Identity's tables, what is sealed in them, and those whom identity asks: consent and provider."""
