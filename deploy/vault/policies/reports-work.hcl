# Handles events on its own tables. No key at all.
path "database/creds/reports-work" { capabilities = ["read"] }
path "secret/data/rabbitmq/reports-work" { capabilities = ["read"] }
