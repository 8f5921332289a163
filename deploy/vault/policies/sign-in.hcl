# Somebody signing in at the embedded identity provider: may ask it for a code, nothing else.
path "identity/oidc/provider/sas/authorize" { capabilities = ["read", "update"] }
