# Hands each process its single-use secret-id, wrapped, so that it never sees one in clear and the
# process notices if somebody opened the wrapping first.
path "auth/approle/role/+/secret-id" {
  capabilities     = ["update"]
  min_wrapping_ttl = "10s"
  max_wrapping_ttl = "5m"
}
