"""Outbox -> JetStream, in order per lane, at least once."""
