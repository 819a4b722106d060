"""The documents of trust as a county keeps them: what evidence of its events must bring along.

Source: docs/protocol.md, section "Evidence files".
"""

from schemas.agreements import Agreement
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.errors import Fault
from services.domain.documents import document_digest, open_payload, read_file
from services.domain.evidence_writing import TrustPapers
from services.domain.trust_files import AGREEMENTS, KEY_CHANGES, Files, load_trust, read_pins, registry_file


def load_papers(files: Files) -> TrustPapers | Fault:
    """Return every pinned registry, agreement and change of keys in hand, once the files are such as a node trusts."""
    pins = read_pins(files)
    if isinstance(pins, Fault):
        return pins
    loaded = load_trust(files)
    if isinstance(loaded, Fault):
        return loaded
    kept = (read_file(files[registry_file(version)]) for version in range(1, max(pins) + 1))
    registries = tuple(document for document in kept if not isinstance(document, Fault))
    read = (read_file(files[name]) for name in sorted(files) if name.startswith(KEY_CHANGES))
    changes = tuple(document for document in read if not isinstance(document, Fault))
    return TrustPapers(registries, _agreements(files), changes)


def _agreements(files: Files) -> dict[str, SignedDocument]:
    found: dict[str, SignedDocument] = {}
    for name in sorted(files):
        document = read_file(files[name]) if name.startswith(AGREEMENTS) else None
        if document is None or isinstance(document, Fault):
            continue  # the node says so where it reads its trust
        agreement = open_payload(document, PayloadType.AGREEMENT, Agreement)
        if not isinstance(agreement, Fault):
            found[f"{agreement.id}@{agreement.version}:{document_digest(document)}"] = document
    return found
