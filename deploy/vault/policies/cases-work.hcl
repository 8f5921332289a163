# Disposes of records: destroys their keys. Can neither seal nor open one.

path "rk-case/keys/+/config" {
  capabilities       = ["update"]
  allowed_parameters = { "deletion_allowed" = [true] }
}
path "rk-case/keys/+" { capabilities = ["read", "delete"] }

path "rk-enquiry/keys/+/config" {
  capabilities       = ["update"]
  allowed_parameters = { "deletion_allowed" = [true] }
}
path "rk-enquiry/keys/+" { capabilities = ["read", "delete"] }

path "rk-breach/keys/+/config" {
  capabilities       = ["update"]
  allowed_parameters = { "deletion_allowed" = [true] }
}
path "rk-breach/keys/+" { capabilities = ["read", "delete"] }

path "rk-name-request/keys/+/config" {
  capabilities       = ["update"]
  allowed_parameters = { "deletion_allowed" = [true] }
}
path "rk-name-request/keys/+" { capabilities = ["read", "delete"] }

# The address of a mail whose hour has come. No record's key opens with it.
path "post/decrypt/replies" { capabilities = ["update"] }

# Where a staff member is told that something waits for them.
path "post/decrypt/staff" { capabilities = ["update"] }

path "database/creds/cases-work" { capabilities = ["read"] }
path "secret/data/rabbitmq/cases-work" { capabilities = ["read"] }
