"""Signing keys: changed by order of a person, made known to the partners, and the right one taken to sign."""
