"""What touches the world; each room satisfies a port of services.ports by shape."""
