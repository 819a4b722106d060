"""The hub: NATS JetStream as an untrusted carrier."""
