"""JetStream -> examined in threads -> one transaction per batch -> acknowledged."""
