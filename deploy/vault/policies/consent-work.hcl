# Keeps the ledger's checkpoints going on quiet days, and ends what has lapsed. Opens nothing.
path "ledger/sign/ledger" { capabilities = ["update"] }
path "ledger/keys/ledger" { capabilities = ["read"] }

path "database/creds/consent-work" { capabilities = ["read"] }
path "secret/data/rabbitmq/consent-work" { capabilities = ["read"] }
