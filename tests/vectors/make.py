"""Make the vectors, or check that the files still say the same: ``python -m tests.vectors.make [--write]``.

Vectors are the wire format's memory: new ones are added, old ones are never edited.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from tests.vectors import (
    evidence,
    evidence_changed,
    evidence_doubtful,
    evidence_ended,
    evidence_refused,
    evidence_released,
    evidence_unproved,
)
from tests.vectors.batches_refused import batches
from tests.vectors.chains import chains, encoding, receipts
from tests.vectors.encrypted import encrypted
from tests.vectors.envelopes import good
from tests.vectors.files import files
from tests.vectors.key_changes import key_changes
from tests.vectors.papers import documents
from tests.vectors.refused import bad
from tests.vectors.signals import signals
from tests.vectors.signals_encrypted import signals_encrypted

FOLDER: Final = Path(__file__).parent


def build() -> dict[str, Any]:
    """Return every file's content by name."""
    return {
        "documents.json": documents(),
        "envelopes-good.json": [case.written() for case in good()],
        "envelopes-bad.json": [case.written() for case in bad()],
        "batches.json": batches(),
        "chains.json": chains(),
        "receipts.json": receipts(),
        "encoding.json": encoding(),
        "encrypted.json": encrypted(),
        "signals.json": signals(),
        "signals-encrypted.json": signals_encrypted(),
        "key-changes.json": key_changes(),
        "files.json": files(),
        **{name: [case.written() for case in cases] for name, cases in evidence_files().items()},
    }


def evidence_files() -> dict[str, list[evidence.EvidenceCase]]:
    """Return the evidence files by the file of vectors that holds them."""
    refused, doubtful, unproved = evidence_refused, evidence_doubtful, evidence_unproved
    return {
        "evidence-good.json": evidence.good(),
        "evidence-bad-form.json": refused.form(),
        "evidence-bad-trust.json": [*refused.registries(), *refused.agreements()],
        "evidence-bad-event.json": [*doubtful.signatures(), *doubtful.content_and_permission(), *doubtful.links()],
        "evidence-bad-receipts.json": [*doubtful.receipts(), *doubtful.officers()],
        "evidence-changed-good.json": evidence_changed.good(),
        "evidence-changed-bad-form.json": [*unproved.form(), *unproved.brought()],
        "evidence-changed-bad-trust.json": [*unproved.documents(), *unproved.agreements()],
        "evidence-changed-bad-event.json": evidence_ended.bad(),
        "evidence-released-good.json": evidence_released.good(),
        "evidence-released-bad.json": evidence_released.bad(),
    }


def spelt(content: object) -> str:
    """Spell a file: for people to read and for git to compare."""
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def main() -> int:
    """Write or compare; return how many files differ."""
    differing = 0
    for name, content in build().items():
        path, text = FOLDER / name, spelt(content)
        if "--write" in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            sys.stderr.write(f"{name} differs\n")
            differing += 1
    return differing


if __name__ == "__main__":
    sys.exit(main())
