# The only one that opens the keys of records, in the call in which it decided and wrote why.
# It makes no key and holds no ciphertext.

path "rk-case/decrypt/+" { capabilities = ["update"] }
path "rk-enquiry/decrypt/+" { capabilities = ["update"] }
path "rk-registration/decrypt/+" { capabilities = ["update"] }
path "rk-monitoring/decrypt/+" { capabilities = ["update"] }
path "rk-breach/decrypt/+" { capabilities = ["update"] }
path "rk-incident/decrypt/+" { capabilities = ["update"] }
path "rk-third-party/decrypt/+" { capabilities = ["update"] }
path "rk-name-request/decrypt/+" { capabilities = ["update"] }

# Signs the ledger's checkpoints.
path "ledger/sign/ledger" { capabilities = ["update"] }
path "ledger/keys/ledger" { capabilities = ["read"] }

# Checks the caller tokens that identity signs; reads public keys only.
path "tokens/keys/caller" { capabilities = ["read"] }

# Signs the passes of the disclosure gate.
path "tokens/sign/gate" { capabilities = ["update"] }
path "tokens/keys/gate" { capabilities = ["read"] }

# Its certificate for mutual TLS, and its way into its own database.
path "pki/issue/consent" { capabilities = ["update"] }
path "database/creds/consent-serve" { capabilities = ["read"] }
