"""JetStream -> read, verified in threads, judged -> one transaction per batch -> acknowledged."""
