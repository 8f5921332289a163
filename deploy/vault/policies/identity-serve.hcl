# Seals what students and third parties tell about themselves. Opens nothing: no decrypt here.

path "rk-registration/keys/+" {
  capabilities        = ["create", "update"]
  required_parameters = ["derived"]
  allowed_parameters  = { "derived" = [true] }
}
path "rk-registration/datakey/plaintext/+" { capabilities = ["update"] }

path "rk-monitoring/keys/+" {
  capabilities        = ["create", "update"]
  required_parameters = ["derived"]
  allowed_parameters  = { "derived" = [true] }
}
path "rk-monitoring/datakey/plaintext/+" { capabilities = ["update"] }

path "rk-third-party/keys/+" {
  capabilities        = ["create", "update"]
  required_parameters = ["derived"]
  allowed_parameters  = { "derived" = [true] }
}
path "rk-third-party/datakey/plaintext/+" { capabilities = ["update"] }

# Blind indexes of CRSids, accounts and addresses, to find somebody without storing who it is.
path "ix/hmac/+/sha2-256" { capabilities = ["update"] }

# Coded facts for statistics: sealed here, opened by reports only.
path "facts/encrypt/+" { capabilities = ["update"] }

# Where a staff member is written to: sealed here, opened by the worker that sends mails only.
path "post/encrypt/staff" {
  capabilities        = ["update"]
  required_parameters = ["associated_data"]
}

# Says who a caller is, for a minute at a time.
path "tokens/sign/caller" { capabilities = ["update"] }
path "tokens/keys/caller" { capabilities = ["read"] }

# The client secret for the identity provider.
path "secret/data/oidc/identity" { capabilities = ["read"] }

# Its certificate for mutual TLS, and its way into its own database.
path "pki/issue/identity" { capabilities = ["update"] }
path "database/creds/identity-serve" { capabilities = ["read"] }
