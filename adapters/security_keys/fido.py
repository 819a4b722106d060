"""WebAuthn by ``fido2``: what browsers are asked, and whether what they answer was signed for this origin.

Attestation is not asked for: which make an officer's key is, is not ours to know.

Source: W3C Web Authentication Level 3, sections 7.1 and 7.2.
"""

import struct
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    UserVerificationRequirement,
)
from pydantic import JsonValue

from schemas.consoles import NewKey, SecurityKey
from schemas.errors import Fault

RP_NAME: Final = "Sihu"
_BROKEN: Final = (
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    AssertionError,
    RuntimeError,  # recursion, and what it has not implemented
    struct.error,
)
"""What the library raises at an answer that is not one."""
_POSSESSION: Final = UserVerificationRequirement.DISCOURAGED
"""The password was right already: that the key is here is asked for, and no second PIN."""
_ID_MAX: Final = 1023
"""Bytes of a credential id, by the standard."""


class FidoKeys:
    """Satisfies ``services.console_ports.SecurityKeys``."""

    def __init__(self, origin: str) -> None:
        """Take the console's origin, e.g. ``https://console.example``; browsers know a key by its host."""
        self._server = Fido2Server(
            PublicKeyCredentialRpEntity(name=RP_NAME, id=urlsplit(origin).hostname or "localhost"),
            verify_origin=lambda said: said == origin,
        )

    def begin_registration(
        self, officer: str, display_name: str, held: Sequence[SecurityKey], challenge: bytes
    ) -> dict[str, JsonValue]:
        """Return what ``navigator.credentials.create`` is called with."""
        options, _ = self._server.register_begin(
            PublicKeyCredentialUserEntity(id=officer.encode(), name=officer, display_name=display_name),
            [_data(one) for one in held],
            user_verification=_POSSESSION,
            challenge=challenge,
        )
        return dict(options)

    def finish_registration(self, challenge: bytes, answer: dict[str, JsonValue]) -> NewKey | Fault:
        """Return the new key, or why it is refused."""
        try:
            found = self._server.register_complete(_state(challenge), answer)
        except _BROKEN as exc:
            return _refused(exc)
        data = found.credential_data
        if data is None or len(data.credential_id) > _ID_MAX:
            return _refused(ValueError("no credential"))
        return NewKey(data.credential_id.hex(), bytes(data), found.counter)

    def begin_assertion(self, held: Sequence[SecurityKey], challenge: bytes) -> dict[str, JsonValue]:
        """Return what ``navigator.credentials.get`` is called with."""
        options, _ = self._server.authenticate_begin(
            [_data(one) for one in held], user_verification=_POSSESSION, challenge=challenge
        )
        return dict(options)

    def finish_assertion(
        self, challenge: bytes, held: Sequence[SecurityKey], answer: dict[str, JsonValue]
    ) -> tuple[SecurityKey, int] | Fault:
        """Return the key that signed and what it has counted, or why it is refused."""
        try:
            response = AuthenticationResponse.from_dict(answer)
            data = self._server.authenticate_complete(_state(challenge), [_data(one) for one in held], response)
        except _BROKEN as exc:
            return _refused(exc)
        key = next(one for one in held if one.credential_id == data.credential_id.hex())
        count = response.response.authenticator_data.counter
        if (count or key.sign_count) and count <= key.sign_count:
            mend = "it has counted less than before: there may be a copy of it; take it out of your account"
            return Fault("entering.key_copied", "answer", mend)
        return key, count


def _data(key: SecurityKey) -> AttestedCredentialData:
    return AttestedCredentialData(key.public_key)


def _state(challenge: bytes) -> dict[str, str]:
    return {"challenge": websafe_encode(challenge), "user_verification": _POSSESSION}


def _refused(error: Exception) -> Fault:
    return Fault("entering.key_refused", "answer", f"the security key was not taken ({str(error)[:80]}); try again")
