"""What an ended key is still trusted for, what a key not known yet may wait for, and which key signs now.

Source: docs/protocol.md, section "Key changes"; docs/decisions/0020-change-keys-by-position.md
"""

from schemas.control import EpochOpened, OpeningReason
from schemas.envelope import Envelope
from schemas.errors import Fault
from schemas.key_changes import KeyEnd
from schemas.registry import KeyRecord, KeyUse, Member
from services.domain.chain import epoch_counter
from services.domain.key_changes import committed_kid
from services.domain.trust import Trust


def judge_position(envelope: Envelope, trust: Trust) -> Fault | None:
    """Refuse what an ended key signed beyond the positions that were named; call it once the signatures hold."""
    if not trust.ended:
        return None
    header = envelope.header
    for kid in header.signers:
        ended = trust.ended.get(kid)
        if ended is not None and not _within(ended.ends.get((header.channel, header.epoch)), envelope):
            code = "signature.key_revoked" if ended.revoked else "signature.key_retired"
            return Fault(code, "seq", f"{kid} is not trusted for this place; its owner has ended it before")
    return None


def judge_unended(envelope: Envelope, trust: Trust) -> Fault | None:
    """Refuse what an ended key signed beside the chains: there it has no position that it could be trusted for."""
    ended = next((trust.ended[kid] for kid in envelope.header.signers if kid in trust.ended), None)
    if ended is None:
        return None
    code = "signature.key_revoked" if ended.revoked else "signature.key_retired"
    return Fault(code, "signers", "its key has ended; what is signed now is signed by the one that follows")


def _within(end: KeyEnd | None, envelope: Envelope) -> bool:
    if end is None or envelope.header.seq > end.seq:
        return False
    return envelope.header.seq < end.seq or envelope.envelope_id == end.id


def is_by_ended_key(envelope: Envelope, trust: Trust) -> bool:
    """Tell whether a key signed that has ended: such a link never overtakes one that is missing before it."""
    return any(kid in trust.ended for kid in envelope.header.signers)


def is_announced(envelope: Envelope, trust: Trust) -> bool:
    """Tell whether the unknown key of an envelope may soon be known: it waits instead of being refused.

    That is so for a key that the source committed to beforehand, and for the opening of a later epoch: after a
    revocation it comes just before the record that tells of the new key.
    """
    header = envelope.header
    if header.seq == 0 and epoch_counter(header.epoch) > 1:
        return trust.member(header.source) is not None
    return any(committed_kid(digest) in header.signers for digest in _commitments(trust, header.source))


def _commitments(trust: Trust, county: str) -> list[str]:
    found = (one.key.next_digest for one in trust.keys.values() if one.county == county)
    return [digest for digest in found if digest is not None]


def judge_opening(source: str, event: EpochOpened, trust: Trust) -> Fault | None:
    """Refuse the opening after a fork until an offline key of its source has named the branch kept, and on another."""
    if event.reason is not OpeningReason.FORKED or event.old_epoch is None:
        return None
    kept = trust.branch(source, event.channel, event.old_epoch)
    if kept is None:
        return Fault("chain.unresolved_fork", "reason", "its source's recovery key has not named the branch kept")
    if event.last is None or (event.last.seq, event.last.id) != (kept.seq, kept.id):
        return Fault("chain.other_branch", "last", "the recovery key of its source named another branch")
    return None


def current_keys(trust: Trust, county: str, use: KeyUse) -> list[KeyRecord]:
    """Return the keys of a county for a use that have not ended, the newest first."""
    found = [
        one.key
        for kid, one in trust.keys.items()
        if one.county == county and one.key.use is use and kid not in trust.ended
    ]
    return sorted(found, key=lambda key: (key.valid_from, key.kid), reverse=True)


def keys_in_force(member: Member, trust: Trust | None) -> tuple[KeyRecord, ...]:
    """Return the keys of a member as they are now: those that have ended are left out, those that followed are in."""
    if trust is None:
        return member.keys
    listed = {key.kid: key for key in member.keys}
    changes = (one.change for one in trust.changes if one.change.county == member.county)
    followed = {change.key.kid: change.key for change in changes if change.key is not None}
    return tuple(key for kid, key in (listed | followed).items() if kid not in trust.ended)
