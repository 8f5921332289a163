# One node of the embedded stack. OpenBao reads it at every start; see README.md for what differs
# on HashiCorp Vault and on three nodes.
ui           = true    # the embedded identity provider's sign-in page
api_addr     = "https://127.0.0.1:${port}"
cluster_addr = "https://127.0.0.1:${cluster_port}"
log_level    = "warn"
log_format   = "json"
cache_size   = "4096"

listener "tcp" {
  address         = "127.0.0.1:${port}"
  cluster_address = "127.0.0.1:${cluster_port}"
  tls_cert_file   = "${certificate}"
  tls_key_file    = "${key}"
  tls_min_version = "tls13"
}

storage "raft" {
  path                   = "${home}/data"
  node_id                = "${node}"
  performance_multiplier = 1    # a lost leader costs 3 s instead of 12

  # A destroyed key's bytes stay in the raft log until it is cut. Short, so that they go soon.
  trailing_logs      = 64
  snapshot_threshold = 64
  snapshot_interval  = 5
}

# With standby reads, a key just made is not there yet on another node.
disable_standby_reads = true

seal "static" {
  current_key_id = "first"
  current_key    = "file://${home}/unseal.key"
}

# Every request and answer, secrets hashed. The path is relative on purpose: nodes of a cluster
# must all have the same text here, or none can take over from the leader.
audit "file" "file" {
  options {
    file_path = "audit.log"
    mode      = "0600"
  }
}

# Done once, on an empty storage; the root token that does it is revoked right after.
initialize "operators" {
  request "policy" {
    operation = "update"
    path      = "sys/policies/acl/operator"
    data = {
      policy = { eval_source = "file", eval_type = "string", path = "${policies}/operator.hcl" }
    }
  }
  request "mount" {
    operation = "update"
    path      = "sys/auth/operators"
    data      = { type = "userpass" }
  }
  # Two, because without any operator nobody can ever change anything again.
  request "one" {
    operation = "update"
    path      = "auth/operators/users/operator-one"
    data = {
      token_policies = ["operator"]
      token_ttl      = "1h"
      token_max_ttl  = "8h"
      password = {
        eval_source = "env", eval_type = "string", env_var = "FIRST_START_OPERATOR_ONE", require_present = true
      }
    }
  }
  request "two" {
    operation = "update"
    path      = "auth/operators/users/operator-two"
    data = {
      token_policies = ["operator"]
      token_ttl      = "1h"
      token_max_ttl  = "8h"
      password = {
        eval_source = "env", eval_type = "string", env_var = "FIRST_START_OPERATOR_TWO", require_present = true
      }
    }
  }
}
