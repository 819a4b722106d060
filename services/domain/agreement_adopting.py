"""Whether a signed agreement, or a suspension, may be put among the documents that a county trusts, and where.

Command, API and console ask these functions, with the files as they stand at that moment.

Source: docs/protocol.md, section "Agreements"; docs/decisions/0045-put-agreements-together-on-a-page.md
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from schemas.agreements import Agreement
from schemas.documents import SignedDocument
from schemas.errors import Fault
from schemas.key_changes import Suspension
from schemas.officers import OfficerCredential, Role
from services.domain.agreement_copies import Collected, collect
from services.domain.agreement_drafts import judge_party
from services.domain.documents import document_digest, read_file
from services.domain.governance import judge_agreement
from services.domain.key_changes import judge_published, judge_suspension
from services.domain.trust import AgreementInForce, Trust
from services.domain.trust_files import Files, agreement_file, key_change_file, load_trust

HEARD_DIGITS: Final = 4
"""Of the digest, at least: one group as it is read out."""
_WIDE: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_BLANKS: Final = re.compile(r"\s+")
_HEARD: Final = re.compile(r"[0-9a-f]{4,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Adoption:
    """An agreement that may be put in force.

    Attributes:
        name: Of its file, below the county's directory.
        document: As it is kept: with the signatures that count.
        is_new: It is not in force here already.
    """

    name: str
    document: SignedDocument
    in_force: AgreementInForce
    is_new: bool


@dataclass(frozen=True, slots=True)
class Suspending:
    """A suspension that may be put in force.

    Attributes:
        name: Of its file, below the county's directory.
        is_new: It does not count here already.
    """

    name: str
    document: SignedDocument
    suspension: Suspension
    is_new: bool


def collected_here(copies: Sequence[SignedDocument], trust: Trust) -> Collected | Fault:
    """Put copies together by what is trusted here: registry in force, and the version before if there is one."""
    bare = collect(copies, trust.registry, None)
    if isinstance(bare, Fault):
        return bare
    previous = trust.version_before(bare.agreement)
    return bare if previous is None else collect(copies, trust.registry, previous)


def judge_adoption(copies: Sequence[SignedDocument], files: Files, county: str) -> Adoption | Fault:
    """Decide whether an agreement may be adopted here.

    Args:
        copies: Of one agreement, signed by every party among them.
        files: The documents of trust as they stand.
        county: Ourselves.
    """
    loaded = load_trust(files)
    if isinstance(loaded, Fault):
        return loaded
    trust = loaded.trust
    found = collected_here(copies, trust)
    if isinstance(found, Fault):
        return found
    agreement = found.agreement
    judged = judge_agreement(found.document, trust.registry, previous=trust.version_before(agreement))
    if isinstance(judged, Fault):
        return judged
    name = agreement_file(agreement.id, agreement.version)
    fault = judge_party(agreement, county) or _another(files.get(name), name, found.document)
    fault = fault or _older(agreement, judged.reference, trust)
    return fault or Adoption(name, found.document, judged, judged.reference not in trust.by_reference)


def _another(held: bytes | None, name: str, document: SignedDocument) -> Fault | None:
    if held is None:
        return None
    there = read_file(held)
    if isinstance(there, Fault):
        return replace(there, field=f"{name} {there.field}".strip())
    if document_digest(there) == document_digest(document):
        return None
    mend = "another text is adopted under this id and version; raise the version and let every party sign again"
    return Fault("agreement.version_taken", name, mend)


def _older(agreement: Agreement, reference: str, trust: Trust) -> Fault | None:
    newest = trust.agreement(agreement.id)
    if newest is None or newest.agreement.version <= agreement.version or reference in trust.by_reference:
        return None
    mend = f"version {newest.agreement.version} is in force here, and nothing older takes its place"
    return Fault("agreement.older", "version", mend)


def judge_heard(heard: str, digest: str) -> Fault | None:
    """Compare what was typed from the telephone with a digest: one group of four at least, from its beginning on."""
    typed = _BLANKS.sub("", heard.translate(_WIDE)).lower()
    if _HEARD.fullmatch(typed) is None:
        mend = "type the first group of the digest as it was read out: four of 0-9 and a-f, or more of it"
        return Fault("agreement.not_heard", "digest", mend)
    if not digest.startswith(typed):
        mend = "it is not the digest of this agreement: stop, and compare it with every party by telephone"
        return Fault("agreement.digest_differs", "digest", mend)
    return None


def judge_keeper(credential: OfficerCredential) -> Fault | None:
    """Agreements are the liaison office's own business: who keeps the machine, or watches, does not adopt them."""
    if Role.LIAISON in credential.roles:
        return None
    return Fault("agreement.role", "officer", "an officer of role liaison adopts agreements and suspensions")


def judge_suspending(document: SignedDocument, files: Files, agreement_id: str) -> Suspending | Fault:
    """Decide whether a suspension may count here.

    Args:
        document: Signed by the governance key of the party that steps out.
        files: The documents of trust as they stand.
        agreement_id: Of the agreement that is meant: a suspension of another one is not taken by mistake.
    """
    loaded = load_trust(files)
    if isinstance(loaded, Fault):
        return loaded
    trust = loaded.trust
    suspension = judge_suspension(document, trust.registry)
    if isinstance(suspension, Fault):
        return suspension
    fault = _of_another(suspension, agreement_id, trust) or judge_published([document], trust)
    if fault is not None:
        return fault
    is_new = document_digest(document) not in {one.digest for one in trust.suspended}
    return Suspending(key_change_file(document), document, suspension, is_new)


def _of_another(suspension: Suspension, agreement_id: str, trust: Trust) -> Fault | None:
    if suspension.agreement_id != agreement_id:
        mend = f"it suspends {suspension.agreement_id}, not {agreement_id}; open the page of that agreement"
        return Fault("agreement.other", "agreement_id", mend)
    held = trust.agreement(agreement_id)
    if held is None:
        return Fault("request.not_found", "agreement_id", f"{agreement_id} is not adopted here")
    if suspension.county not in held.agreement.parties:
        return Fault("agreement.not_party", "county", f"{suspension.county} is no party of {agreement_id}")
    if suspension.version < held.agreement.version:
        mend = f"version {held.agreement.version} is in force here and has ended it; let it be signed for that one"
        return Fault("agreement.older", "version", mend)
    return None
