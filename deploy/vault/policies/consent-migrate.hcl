# Changes the tables, once, and ends.
path "database/creds/consent-migrate" { capabilities = ["read"] }
