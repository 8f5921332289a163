# Changes the tables, once, and ends.
path "database/creds/reports-migrate" { capabilities = ["read"] }
