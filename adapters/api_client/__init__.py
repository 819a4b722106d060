"""Call a node's HTTP API, as the commands do."""
