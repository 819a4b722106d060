"""The links of an evidence file: do they lead to the event and on from it, without a gap and without a second story?

Source: docs/protocol.md, section "Evidence files".
"""

from collections.abc import Mapping

from schemas.envelope import Header
from schemas.errors import Fault
from services.domain.chain import EPOCH_OPENED_TYPE, matching_kind
from services.domain.evidence_changes import judge_ancestors
from services.domain.evidence_opening import Opened, Part
from services.domain.evidence_trust import Lineage


def judge_channel(header: Header) -> Fault | None:
    """The channel is computed, never believed; link 0 opens an epoch, and nothing else does."""
    if matching_kind(header) is None:
        return Fault("chain.wrong_channel", "channel", "it is not the channel of this source, agreement and audience")
    if (header.seq == 0) != (header.type == EPOCH_OPENED_TYPE):
        return Fault("chain.bad_opening", "seq", "an epoch is opened by link 0, and by nothing else")
    return None


def judge_links(opened: Opened, lineage: Lineage) -> Fault | None:
    """Judge the links before and behind the event, then the heads."""
    run = (*opened.before, opened.event, *opened.after)
    known = known_ids(opened)
    last = run[-1].envelope.header.seq
    for place, part in enumerate(run):
        fault = _judge_link(part, opened.event.envelope.header, lineage)
        if fault is None and place > 0:
            fault = _judge_step(run[place - 1], part)
        if fault is not None:
            return fault
    for part in opened.heads:
        fault = _judge_link(part, opened.event.envelope.header, lineage, same_epoch=False)
        fault = fault or _judge_head(part, opened.event.envelope.header, known, last)
        if fault is not None:
            return fault
    return judge_ancestors(opened.parts, opened.ancestors, lineage.known, lineage.lines)


def known_ids(opened: Opened) -> Mapping[int, str]:
    """Return the envelope ids of the event's epoch by sequence."""
    run = (*opened.before, opened.event, *opened.after)
    return {part.envelope.header.seq: part.envelope.envelope_id for part in run}


def _judge_link(part: Part, of: Header, lineage: Lineage, *, same_epoch: bool = True) -> Fault | None:
    header = part.envelope.header
    fault = lineage.verify(part.envelope) or judge_channel(header)
    if fault is not None:
        return _at(part, fault)
    if header.channel != of.channel or (same_epoch and header.epoch != of.epoch):
        return Fault("chain.other_channel", part.place, "it is a link of another channel or epoch than the event")
    return None


def _judge_step(first: Part, second: Part) -> Fault | None:
    if second.envelope.header.seq != first.envelope.header.seq + 1:
        return Fault("chain.gap", second.place, f"sequence {first.envelope.header.seq + 1} is expected here")
    if second.envelope.header.prev != first.envelope.envelope_id:
        return Fault("chain.forked", second.place, "it names another link before it: the source told two stories")
    return None


def _judge_head(part: Part, of: Header, known: Mapping[int, str], last: int) -> Fault | None:
    header = part.envelope.header
    if header.epoch != of.epoch or header.seq > last:
        return None
    if known.get(header.seq, part.envelope.envelope_id) != part.envelope.envelope_id:
        return Fault("chain.forked", part.place, "another link stands at this place: the source told two stories")
    return Fault("chain.repeated", part.place, "a head stands behind the last link of the file")


def _at(part: Part, fault: Fault) -> Fault:
    return Fault(fault.code, f"{part.place}.{fault.field}", fault.mend)
