"""Certificates for the link between a county and its hub."""
