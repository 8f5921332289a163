# Changes the tables, once, and ends.
path "database/creds/cases-migrate" { capabilities = ["read"] }
