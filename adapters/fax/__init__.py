"""Faxes through a HylaFAX server, ours or one in the same building."""
