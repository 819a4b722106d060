"""Signed HTTP calls to the county's own systems."""
