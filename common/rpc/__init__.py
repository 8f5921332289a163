"""
Calls between processes: gRPC over mutual TLS, with the rules that the protos state.

Shared because every service is served alike and calls others alike. `server.serve` runs a service,
`client.Peer` calls one; everything else here is how. Not for `work` processes: grpcio does not go
together with eventlet.
"""
