# Sets Vault up and keeps it: mounts, policies, roles, snapshots. No running process holds it.
#
# What is denied below, an operator could grant to themselves by changing this very policy. Vault
# can't prevent that; the audit log has a line of it that an operator can't take back (README.md).
path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }

path "rk-case/decrypt/+"              { capabilities = ["deny"] }
path "rk-enquiry/decrypt/+"           { capabilities = ["deny"] }
path "rk-registration/decrypt/+"      { capabilities = ["deny"] }
path "rk-monitoring/decrypt/+"        { capabilities = ["deny"] }
path "rk-breach/decrypt/+"            { capabilities = ["deny"] }
path "rk-incident/decrypt/+"          { capabilities = ["deny"] }
path "rk-third-party/decrypt/+"       { capabilities = ["deny"] }
path "rk-name-request/decrypt/+"      { capabilities = ["deny"] }

path "rk-case/datakey/+/+"            { capabilities = ["deny"] }
path "rk-enquiry/datakey/+/+"         { capabilities = ["deny"] }
path "rk-registration/datakey/+/+"    { capabilities = ["deny"] }
path "rk-monitoring/datakey/+/+"      { capabilities = ["deny"] }
path "rk-breach/datakey/+/+"          { capabilities = ["deny"] }
path "rk-incident/datakey/+/+"        { capabilities = ["deny"] }
path "rk-third-party/datakey/+/+"     { capabilities = ["deny"] }
path "rk-name-request/datakey/+/+"    { capabilities = ["deny"] }

# A key may be marked for destruction (after a restore), never for export.
path "rk-case/keys/+/config" {
  capabilities       = ["update"]
  allowed_parameters = { "deletion_allowed" = [true] }
}
path "rk-enquiry/keys/+/config" {
  capabilities       = ["update"]
  allowed_parameters = { "deletion_allowed" = [true] }
}
path "rk-registration/keys/+/config" {
  capabilities       = ["update"]
  allowed_parameters = { "deletion_allowed" = [true] }
}
path "rk-monitoring/keys/+/config" {
  capabilities       = ["update"]
  allowed_parameters = { "deletion_allowed" = [true] }
}
path "rk-breach/keys/+/config" {
  capabilities       = ["update"]
  allowed_parameters = { "deletion_allowed" = [true] }
}
path "rk-incident/keys/+/config" {
  capabilities       = ["update"]
  allowed_parameters = { "deletion_allowed" = [true] }
}
path "rk-third-party/keys/+/config" {
  capabilities       = ["update"]
  allowed_parameters = { "deletion_allowed" = [true] }
}
path "rk-name-request/keys/+/config" {
  capabilities       = ["update"]
  allowed_parameters = { "deletion_allowed" = [true] }
}

path "facts/decrypt/+"                { capabilities = ["deny"] }
path "ix/hmac/+"                      { capabilities = ["deny"] }
path "ix/hmac/+/+"                    { capabilities = ["deny"] }

# Nobody but the service itself says who a caller is, or what the ledger's next checkpoint is.
path "tokens/sign/+"                  { capabilities = ["deny"] }
path "tokens/sign/+/+"                { capabilities = ["deny"] }
path "ledger/sign/+"                  { capabilities = ["deny"] }
path "ledger/sign/+/+"                { capabilities = ["deny"] }
