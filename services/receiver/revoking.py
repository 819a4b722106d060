"""What a change of trust does to what is here already: a key was revoked, a member has left."""

from datetime import datetime
from typing import Final

import structlog

from schemas.envelope import Envelope
from schemas.errors import Fault
from schemas.notices import NoticeKind
from schemas.records import Chain, KeptLink
from services.domain.key_ends import judge_position
from services.domain.signing import parse_header
from services.domain.telling import phone_of, told_of_own_revocation, told_of_revocation
from services.domain.trust import Trust
from services.ports import Transaction

log = structlog.get_logger()

_LEFT: Final = "member.left"
_NOTED: Final = "revocation_noted "
_LAST: Final = (1 << 53) - 1


def note_revocations(tx: Transaction, trust: Trust, *, county: str, now: datetime) -> int:
    """Tell of each revocation once; return how many links are trusted no longer.

    What was taken stays where it is, named by the notice: people may have acted on it, and it is evidence. Nothing
    follows it, for its epoch is closed.

    Args:
        tx: Reads the links, keeps the notice.
        trust: What is trusted now.
        county: Ourselves.
        now: Our time.
    """
    settings, count = tx.memory.settings(), 0
    for kid in (kid for kid, ended in trust.ended.items() if ended.revoked):
        *_, newest = [one for one in trust.changes if one.change.old == kid]
        if settings.get(_NOTED + kid) == newest.digest:
            continue
        tx.memory.put_setting(_NOTED + kid, newest.digest)
        source = newest.change.county
        links = [link for chain in tx.chains_of(source) for link in _beyond(tx, trust, chain, kid)]
        if links:
            _tell(tx, trust, kid, links, own=source == county, now=now)
        count += len(links)
    return count


def close_left(tx: Transaction, trust: Trust, now: datetime) -> int:
    """Close what members that have left still owe: nobody waits for their receipts; return how many deliveries."""
    count = 0
    for county in sorted(county for county in tx.oldest_unstored() if trust.member(county) is None):
        closed = tx.dues.close(county, _LEFT, now)
        log.warning("receiver.left", county=county, count=closed)
        count += closed
    return count


def _beyond(tx: Transaction, trust: Trust, chain: Chain, kid: str) -> list[Envelope]:
    end = trust.ended[kid].ends.get((chain.channel, chain.epoch))
    links = (_envelope(link) for link in tx.links(chain.number, end.seq if end else 0, _LAST))
    return [
        link
        for link in links
        if link is not None and kid in link.header.signers and judge_position(link, trust) is not None
    ]


def _envelope(link: KeptLink) -> Envelope | None:
    header = parse_header(link.header_bytes)
    return None if isinstance(header, Fault) else Envelope(link.envelope_id, header, link.header_bytes, b"", b"", b"")


def _tell(tx: Transaction, trust: Trust, kid: str, links: list[Envelope], *, own: bool, now: datetime) -> None:
    header = links[0].header
    ids = [link.envelope_id for link in links]
    phone = phone_of(trust, header.agreement_id, header.source)
    text = told_of_own_revocation(kid, ids) if own else told_of_revocation(header.source, kid, ids, phone)
    tx.waiting_room.tell(NoticeKind.KEY_REVOKED, kid, header.source, text, now)
    log.error("receiver.revoked", county=header.source, kid=kid, count=len(ids))
