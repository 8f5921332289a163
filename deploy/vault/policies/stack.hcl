# Asks every service whether it is ready, and Vault whether a key can be used.
path "pki/issue/stack"             { capabilities = ["update"] }
path "canary/hmac/canary/sha2-256" { capabilities = ["update"] }
