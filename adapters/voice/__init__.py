"""Telephone calls: an own small SIP user agent client, and providers that call by HTTP."""
