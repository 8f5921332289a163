"""The one public door: Envoy, with a configuration made from the protos."""
