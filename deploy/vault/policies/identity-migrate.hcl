# Changes the tables, once, and ends.
path "database/creds/identity-migrate" { capabilities = ["read"] }
