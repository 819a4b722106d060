"""An encrypted bulletin of 荔波, with everything that went into it."""

# ruff: noqa: ANN401 - changes of any field
from functools import cache
from typing import Any, Final

from adapters.memory.encryption import MemoryEncryption
from schemas.base import InformationClass
from schemas.envelope import ContentBinding, Envelope
from services.domain.encoding import digest_of, require_base64url
from services.domain.encryption import encrypt_content, spell_keys, wrap_info
from services.domain.signing import attach, prepare
from tests import papers
from tests.papers import HUANJIANG, LIBO, NANDAN

CONTENT_ID: Final = "5a" * 16
KEY: Final = bytes(range(32))
SALT: Final = bytes(range(16))
BODY: Final = papers.as_bytes(papers.policy_content())


@cache
def keyring(county: str) -> MemoryEncryption:
    """Return the private encryption key of a county."""
    return MemoryEncryption(papers.encryption_name(county))


@cache
def wrapped_for(county: str) -> tuple[str, bytes]:
    """Return key id and wrapped key of one reader of the bulletin, at its place."""
    header = papers.header(BODY)
    record = papers.encryption_record(county)
    info = wrap_info(
        wire_type=header.type,
        source=header.source,
        channel=header.channel,
        epoch=header.epoch,
        seq=header.seq,
        recipient=county,
        content_id=CONTENT_ID,
    )
    return record.kid, keyring(county).wrap(KEY, require_base64url(record.public), info)


def encrypted_envelope(keys: bytes | None = None, carried: bytes | None = None, **changes: Any) -> Envelope:
    """Return the bulletin, encrypted to its audience and signed; ``changes`` are those of the header."""
    made = encrypt_content(BODY, source=LIBO, content_id=CONTENT_ID, key=KEY, salt=SALT).carried
    carried = made if carried is None else carried
    if keys is None:
        keys = spell_keys({county: wrapped_for(county) for county in (NANDAN, HUANJIANG, LIBO)})
    binding = ContentBinding(
        media_type="application/json",
        encoding="hpke",
        digest=digest_of(carried),
        size=len(carried),
        content_id=CONTENT_ID,
        keys_digest=digest_of(keys),
    )
    header = papers.header(BODY, **({"information_class": InformationClass.INTERNAL, "content": binding} | changes))
    prepared, signer = prepare(header), papers.signer(LIBO)
    return attach(prepared, [(signer.kid, signer.sign(prepared.to_be_signed))], carried, keys)


GOOD_ENVELOPE: Final = encrypted_envelope()
"""The bulletin to 南丹 and 环江."""
