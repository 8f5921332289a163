# Its certificate towards the services. It holds no session, no token key and no secret.
path "pki/issue/gateway" { capabilities = ["update"] }
