"""Security keys: WebAuthn."""
