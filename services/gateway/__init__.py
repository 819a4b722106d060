"""HTTP: what officers and county systems ask of this node."""
