"""Office keys: made every month, published to the partners, destroyed when nothing needs them any more."""
