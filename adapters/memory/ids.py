"""Ids that are the same in every run."""

import hashlib


class SequentialIds:
    """Satisfies ``services.ports.Ids``: bytes follow from a seed and a count."""

    def __init__(self, seed: str = "sihu") -> None:
        """Start at the first id of this seed."""
        self._seed = seed
        self._count = 0

    def hex(self, size: int) -> str:
        """Return ``size`` bytes as lowercase hex: never the same twice, always the same in the next run."""
        self._count += 1
        return hashlib.shake_256(f"{self._seed}:{self._count}".encode()).hexdigest(size)
