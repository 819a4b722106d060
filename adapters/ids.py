"""The only source of randomness for what is named and chained; keys and tokens have their own in ``adapters.keys``."""

import secrets


class SystemIds:
    """Satisfies ``services.ports.Ids`` by the system's randomness."""

    def hex(self, size: int) -> str:
        """Return ``size`` random bytes as lowercase hex."""
        return secrets.token_hex(size)
