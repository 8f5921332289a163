# Opens coded facts, which have no names; no key of a record is within its reach.
path "facts/decrypt/+" { capabilities = ["update"] }

# Checks the caller tokens that identity signs; reads public keys only.
path "tokens/keys/caller" { capabilities = ["read"] }

# Checks the passes of the disclosure gate; reads public keys only.
path "tokens/keys/gate" { capabilities = ["read"] }

# Its certificate for mutual TLS, and its way into its own database.
path "pki/issue/reports" { capabilities = ["update"] }
path "database/creds/reports-serve" { capabilities = ["read"] }
