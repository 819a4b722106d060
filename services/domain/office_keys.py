"""Short-lived encryption keys: which one a sender takes, what a published one must be, and when a new one is due.

A member's registry key lives for years; who steals it opens every message that was ever captured. So each node makes a
key of its own every month, publishes it to its partners, signed by its event key, and destroys the private half soon
after its end.

Source: docs/protocol.md, section "Encrypted content"; docs/decisions/0016-rotate-office-keys-monthly.md
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from schemas.agreements import Agreement
from schemas.base import InformationClass
from schemas.control import MemberKeyPublished
from schemas.errors import Fault
from schemas.registry import KeyRecord, KeyUse
from services.domain.encoding import from_base64url
from services.domain.encryption import must_be_encrypted
from services.domain.governance import kid_of
from services.domain.signing import key_valid_at
from services.domain.trust import Trust

LIFE: Final = timedelta(days=38)
"""A month, and a week in which the next one has already been published."""
RENEWED_BEFORE: Final = timedelta(days=7)
GRACE: Final = timedelta(days=16)
"""How long a private half outlives its key: the hub keeps messages for at most 14 days."""

RENEWAL_WANTED: Final = "office_key_renewal"
"""A fact of the store: it was restored, so partners may know a younger key whose private half is lost."""

_PROBE: Final = bytes.fromhex("01" * 32)


def choose_key(
    county: str, at: datetime, *, published: Iterable[KeyRecord], trust: Trust, information_class: InformationClass
) -> KeyRecord | Fault:
    """Choose the key that content for ``county`` is encrypted to: the newest published one, else the registry's.

    Args:
        county: The reader.
        at: The time that the header will claim.
        published: What this county published.
        trust: What we trust now.
        information_class: Personal content goes to short-lived keys alone, so that it can be destroyed for good.
    """
    newest = newest_valid(published, at)
    if newest is not None:
        return newest
    if information_class is InformationClass.PERSONAL:
        mend = f"{county} has published no office key that is valid now; personal content waits until it does"
        return Fault("encryption.no_office_key", "to", mend)
    listed = listed_key(county, at, trust)
    if listed is not None:
        return listed
    mend = f"{county} has no encryption key that is valid now; ask its office to publish one, or leave it out"
    return Fault("encryption.no_reader_key", "to", mend)


def listed_key(county: str, at: datetime, trust: Trust) -> KeyRecord | None:
    """Return the encryption key of a county that began last of those the registry lists, or None if none is valid."""
    member = trust.member(county)
    usable = (key for key in member.keys if key.use is KeyUse.ENCRYPTION and _is_usable(key.public)) if member else ()
    return newest_valid(usable, at)


def newest_valid(keys: Iterable[KeyRecord], at: datetime) -> KeyRecord | None:
    """Return the encryption key that began last of those valid at a time, or None."""
    valid = (key for key in keys if key.algorithm == "x25519" and key_valid_at(key, at))
    return max(valid, key=lambda key: (key.valid_from, key.kid), default=None)


def needs_office_keys(agreement: Agreement) -> bool:
    """Tell whether anything under an agreement may have to be encrypted."""
    classes = InformationClass.INTERNAL, InformationClass.PERSONAL
    reached = classes[: classes.index(agreement.class_ceiling) + 1] if agreement.class_ceiling in classes else ()
    return any(must_be_encrypted(one, internal_in_clear=agreement.internal_in_clear) for one in reached)


def judge_published(event: object) -> Fault | None:
    """Refuse a published key that is misnamed, or to which nothing can be encrypted; any other event passes."""
    if not isinstance(event, MemberKeyPublished):
        return None
    public = from_base64url(event.key.public)
    if public is None or kid_of(event.key.algorithm, public) != event.key.kid:
        return Fault("key.misnamed", "content.key", f"{event.key.kid} is not the id of its key")
    if not _is_usable(event.key.public):
        return Fault("key.unusable", "content.key.public", "nothing can be encrypted to this point of the curve")
    return None


@lru_cache(maxsize=4096)
def _is_usable(public: str) -> bool:
    # A point of low order gives everybody the same secret; the library refuses to compute it.
    try:
        point = X25519PublicKey.from_public_bytes(from_base64url(public) or b"")
        X25519PrivateKey.from_private_bytes(_PROBE).exchange(point)
    except ValueError:
        return False
    return True


def is_due(own: Sequence[KeyRecord], now: datetime) -> bool:
    """Tell whether a new office key is to be made: the newest one ends within a week, or there is none."""
    ends = [key.valid_until for key in own if key.valid_until is not None and key.valid_from <= now]
    return max(ends, default=now) <= now + RENEWED_BEFORE


def outlived(own: Iterable[KeyRecord], now: datetime, oldest_held: datetime | None) -> list[KeyRecord]:
    """Return the own office keys whose private halves nothing needs any more.

    Args:
        own: Every one of ours that is still here.
        now: Aware UTC.
        oldest_held: Since when the oldest message waits to be opened, None if none waits.
    """
    needed_from = min(now, oldest_held or now)
    return [key for key in own if key.valid_until is not None and key.valid_until + GRACE <= needed_from]
