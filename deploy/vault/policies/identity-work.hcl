# Handles events on its own tables. No key at all.
path "database/creds/identity-work" { capabilities = ["read"] }
path "secret/data/rabbitmq/identity-work" { capabilities = ["read"] }
