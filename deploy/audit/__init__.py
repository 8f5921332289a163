"""The two logs of every opening, compared: the ledger's entries and Vault's audit lines."""
