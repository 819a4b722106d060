"""Every port in plain Python: the reference that the tests run on."""
