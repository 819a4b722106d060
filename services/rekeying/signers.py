"""The signers of this moment: which private key signs follows from what is trusted."""

from collections.abc import Callable, Iterator, Mapping

from schemas.errors import UnavailableError
from schemas.registry import KeyUse
from services.domain.key_ends import current_keys
from services.domain.trust import Trust
from services.ports import Signer
from services.signing_ports import SigningKeys

_USES = (KeyUse.EVENT, KeyUse.RECEIPT)


class CurrentSigners(Mapping[KeyUse, Signer]):
    """The event and the receipt key in force, chosen anew whenever what is trusted changes."""

    def __init__(self, *, county: str, trust: Callable[[], Trust], keys: SigningKeys) -> None:
        """Take ready-made ports; open nothing.

        Args:
            county: Ourselves.
            trust: Returns what is trusted now; cheap.
            keys: The private halves.
        """
        self._county, self._trust, self._keys = county, trust, keys
        self._seen: Trust | None = None
        self._chosen: Mapping[KeyUse, Signer] = {}

    def __getitem__(self, use: KeyUse) -> Signer:
        """Return the signer for a use.

        Raises:
            UnavailableError: Our key has ended and the one that follows is not here: whoever asks tries again.
        """
        trust = self._trust()
        if trust is not self._seen:
            self._chosen, self._seen = self._choose(trust), trust
        signer = self._chosen.get(use)
        if signer is None:
            raise UnavailableError(f"no {use} key of {self._county} is in force here; put the next one in place")
        return signer

    def __iter__(self) -> Iterator[KeyUse]:
        """Go over the uses."""
        return iter(_USES)

    def __len__(self) -> int:
        """Count the uses."""
        return len(_USES)

    def _choose(self, trust: Trust) -> dict[KeyUse, Signer]:
        here = self._keys.signers()
        return {
            use: here[kid]
            for use in _USES
            if (kid := next((key.kid for key in current_keys(trust, self._county, use) if key.kid in here), None))
        }


class EventSigner:
    """Satisfies ``services.ports.Signer``: the event key in force, for those who sign beside the chains."""

    def __init__(self, signers: Mapping[KeyUse, Signer]) -> None:
        """Take the signers of the moment."""
        self._signers = signers

    @property
    def kid(self) -> str:
        """Key id of the key in force now."""
        return self._signers[KeyUse.EVENT].kid

    @kid.setter
    def kid(self, _: str) -> None:
        raise AttributeError("the key in force follows from what is trusted")

    def sign(self, to_be_signed: bytes) -> bytes:
        """Return the 64-byte signature; at the moment of a change that of the next key, which is sent again."""
        return self._signers[KeyUse.EVENT].sign(to_be_signed)
