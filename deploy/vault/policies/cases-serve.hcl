# Seals case files, enquiries and the words of breaches, of accidents and of requests for a name.
# Opens nothing: no decrypt here.

path "rk-case/keys/+" {
  capabilities        = ["create", "update"]
  required_parameters = ["derived"]
  allowed_parameters  = { "derived" = [true] }
}
path "rk-case/datakey/plaintext/+" { capabilities = ["update"] }

path "rk-enquiry/keys/+" {
  capabilities        = ["create", "update"]
  required_parameters = ["derived"]
  allowed_parameters  = { "derived" = [true] }
}
path "rk-enquiry/datakey/plaintext/+" { capabilities = ["update"] }

path "rk-breach/keys/+" {
  capabilities        = ["create", "update"]
  required_parameters = ["derived"]
  allowed_parameters  = { "derived" = [true] }
}
path "rk-breach/datakey/plaintext/+" { capabilities = ["update"] }

path "rk-incident/keys/+" {
  capabilities        = ["create", "update"]
  required_parameters = ["derived"]
  allowed_parameters  = { "derived" = [true] }
}
path "rk-incident/datakey/plaintext/+" { capabilities = ["update"] }

path "rk-name-request/keys/+" {
  capabilities        = ["create", "update"]
  required_parameters = ["derived"]
  allowed_parameters  = { "derived" = [true] }
}
path "rk-name-request/datakey/plaintext/+" { capabilities = ["update"] }

# Coded facts for statistics: sealed here, opened by reports only.
path "ix/hmac/pseudonym/sha2-256" { capabilities = ["update"] }
path "facts/encrypt/+" { capabilities = ["update"] }

# A mail that waits for its hour: sealed here, for one thing only, opened by the worker only.
path "post/encrypt/replies" {
  capabilities        = ["update"]
  required_parameters = ["associated_data"]
}

# Checks the caller tokens that identity signs; reads public keys only.
path "tokens/keys/caller" { capabilities = ["read"] }

# Checks the passes of the disclosure gate; reads public keys only.
path "tokens/keys/gate" { capabilities = ["read"] }

# Its certificate for mutual TLS, and its way into its own database.
path "pki/issue/cases" { capabilities = ["update"] }
path "database/creds/cases-serve" { capabilities = ["read"] }
