"""The staff command `sas`: gRPC through the gateway, nothing else."""
