"""From the bytes of a county's files to what it trusts: every document is judged again at every start.

``trust/pinned.json`` names, by version, the digest of each registry that this county's own officer compared by
telephone; a registry file that is missing, older or other than pinned is never silently replaced by another.

Source: docs/protocol.md, section "Trust"; docs/decisions/0011-pin-the-registry-by-telephone.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from schemas.agreements import Agreement
from schemas.base import WireTime
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import Fault
from schemas.ids import Digest
from schemas.officers import OfficerCredential
from schemas.registry import Registry
from services.domain.documents import document_digest, open_payload, read_file
from services.domain.encoding import parse_strict
from services.domain.governance import judge_agreement, judge_registry
from services.domain.key_changes import with_changes
from services.domain.trust import AgreementInForce, Trust, assemble

Files = Mapping[str, bytes]
"""Path below the county's directory, with ``/``, to the file's bytes."""

PINS_FILE: Final = "trust/pinned.json"
AGREEMENTS: Final = "trust/agreements/"
KEY_CHANGES: Final = "trust/keys/"
OFFICERS: Final = "officers/"
REVOKED_FILE: Final = "officers/revoked.json"

K = TypeVar("K")
V = TypeVar("V")

_PINS: Final = TypeAdapter(dict[int, Digest])
_REVOKED: Final = TypeAdapter(dict[Digest, WireTime])
_VERSION_DIGITS: Final = 6
_MAX_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class LoadedTrust:
    """What the files say.

    Attributes:
        trust: The newest pinned registry, every change of keys and every agreement that holds under it.
        left_out: Why other files of agreements and key changes do not count; they harm no other.
    """

    trust: Trust
    left_out: tuple[Fault, ...]


def registry_file(version: int) -> str:
    """Return where a version of the registry is kept."""
    return f"trust/registry-{version}.json"


def agreement_file(agreement_id: str, version: int) -> str:
    """Return where a version of an agreement is kept."""
    return f"{AGREEMENTS}{agreement_id}@{version}.json"


def key_change_file(document: SignedDocument) -> str:
    """Return where a change of a key is kept."""
    return f"{KEY_CHANGES}{document_digest(document)[:32]}.json"


def read_pins(files: Files) -> dict[int, str] | Fault:
    """Return the digest pinned for each registry version; empty if nothing is pinned yet."""
    return _small_map(files, PINS_FILE, _PINS)


def read_revoked(files: Files) -> dict[str, datetime] | Fault:
    """Return when each revoked credential, by digest, was revoked."""
    return _small_map(files, REVOKED_FILE, _REVOKED)


def _small_map(files: Files, name: str, adapter: TypeAdapter[dict[K, V]]) -> dict[K, V] | Fault:
    data = files.get(name)
    if data is None:
        return {}
    value = parse_strict(data, max_bytes=_MAX_BYTES, what=name)
    if isinstance(value, Fault):
        return value
    try:
        return adapter.validate_json(data)
    except ValidationError:
        return Fault("trust.malformed", name, "the file is damaged; put it back from a backup")


def load_trust(files: Files) -> LoadedTrust | Fault:
    """Judge every registry version from the first pinned one on, then every agreement under the newest.

    Returns:
        The fault if any pinned registry does not hold: a node trusts what was pinned, or nothing.
    """
    pins = read_pins(files)
    if isinstance(pins, Fault):
        return pins
    if not pins:
        mend = "no registry is trusted here yet; run `sihu registry trust DIGEST --file FILE`"
        return Fault("trust.nothing_pinned", "trust", mend)
    trust: Trust | None = None
    earlier: list[Registry] = []
    for version in range(1, max(pins) + 1):
        judged = _pinned_registry(files, version, pins, trust)
        if isinstance(judged, Fault):
            return judged
        trust = judged
        earlier.append(trust.registry)
    if trust is None:
        return Fault("trust.malformed", PINS_FILE, "versions count from 1")
    loaded = _with_agreements(files, trust, earlier)
    changed, faults = _with_key_changes(files, loaded.trust, earlier)
    return LoadedTrust(changed, (*loaded.left_out, *faults))


def _with_key_changes(files: Files, trust: Trust, earlier: list[Registry]) -> tuple[Trust, tuple[Fault, ...]]:
    read = [_document(files, name) for name in sorted(files) if name.startswith(KEY_CHANGES)]
    documents = [one for one in read if not isinstance(one, Fault)]
    changed, faults = with_changes(trust, documents, earlier)
    damaged = tuple(one for one in read if isinstance(one, Fault))
    return changed, (*damaged, *(_in_file(fault, KEY_CHANGES) for fault in faults))


def _pinned_registry(files: Files, version: int, pins: Mapping[int, str], previous: Trust | None) -> Trust | Fault:
    name = registry_file(version)
    document = _document(files, name)
    if isinstance(document, Fault):
        return document
    digest = document_digest(document)
    if pins.get(version) != digest:
        return Fault("registry.not_pinned", name, "it is not the registry pinned here; put that one back")
    registry = judge_registry(document, pinned=pins.get(1), previous=previous)
    if isinstance(registry, Fault):
        return _in_file(registry, name)
    if registry.version != version:
        return Fault("registry.not_next", name, f"it holds version {registry.version}")
    return assemble(registry, digest, ())


def _document(files: Files, name: str) -> SignedDocument | Fault:
    data = files.get(name)
    if data is None:
        return Fault("trust.missing_file", name, "the file is missing; put it back from a backup or a partner's copy")
    document = read_file(data)
    return _in_file(document, name) if isinstance(document, Fault) else document


def _in_file(fault: Fault, name: str) -> Fault:
    return replace(fault, field=f"{name}: {fault.field}" if fault.field else name)


def _with_agreements(files: Files, trust: Trust, earlier: list[Registry]) -> LoadedTrust:
    judged: list[AgreementInForce | Fault] = []
    for name in sorted((one for one in files if one.startswith(AGREEMENTS)), key=_by_version):
        held = (one.agreement for one in judged if isinstance(one, AgreementInForce))
        versions = {agreement_file(one.id, one.version + 1): one for one in held}
        judged.append(_agreement(files, name, trust, earlier, versions.get(name)))
    in_force = [one for one in judged if isinstance(one, AgreementInForce)]
    left_out = tuple(one for one in judged if isinstance(one, Fault))
    return LoadedTrust(assemble(trust.registry, trust.registry_digest, in_force), left_out)


def _by_version(name: str) -> tuple[str, int, str]:
    agreement_id, _, version = name.removesuffix(".json").partition("@")
    return agreement_id, int(version) if version.isdecimal() and len(version) <= _VERSION_DIGITS else 0, name


def _agreement(
    files: Files, name: str, trust: Trust, earlier: list[Registry], previous: Agreement | None
) -> AgreementInForce | Fault:
    document = _document(files, name)
    if isinstance(document, Fault):
        return document
    judged = judge_agreement(document, trust.registry, earlier, previous)
    if isinstance(judged, Fault):
        return _in_file(judged, name)
    if agreement_file(judged.agreement.id, judged.agreement.version) != name:
        return Fault(
            "agreement.misfiled", name, f"it holds {judged.agreement.id}@{judged.agreement.version}; rename it"
        )
    return judged


def load_officers(files: Files) -> Mapping[str, SignedDocument] | Fault:
    """Return the certified credentials by officer id, without those revoked.

    Signature and validity are judged where a credential is used, at that time.
    """
    revoked = read_revoked(files)
    if isinstance(revoked, Fault):
        return revoked
    found: dict[str, SignedDocument] = {}
    for name in sorted(files):
        if not name.startswith(OFFICERS) or name == REVOKED_FILE:
            continue
        document = _document(files, name)
        if isinstance(document, Fault):
            return document
        credential = open_payload(document, PayloadType.OFFICER, OfficerCredential)
        if isinstance(credential, Fault):
            return _in_file(credential, name)
        if document_digest(document) not in revoked:
            found[credential.officer] = document
    return found
