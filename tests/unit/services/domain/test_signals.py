"""Signals by themselves: who may signal what to whom, and which are too old to say anything about now."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.memory.signer import MemorySigner
from schemas.base import Event
from schemas.carriage import Arrival
from schemas.control import ChannelHead, ForkProved, HeadBeaconed, RangeRequested
from schemas.envelope import PayloadType
from schemas.errors import Fault
from schemas.key_changes import ChangeReason, KeyChange
from schemas.registry import KeyUse
from services.domain.encryption import Unwrap
from services.domain.key_changes import with_changes
from services.domain.signals import FRESH, Signal, Unread, compose, examine_signal, number_at
from services.domain.trust import Trust
from tests import papers
from tests.encrypted import keyring
from tests.papers import FUNING, HUANJIANG, LIBO, NANDAN, NOW
from tests.signalling import closing

BEACON = HeadBeaconed(heads=())


def signalled(event: Event = BEACON, **changes: Any) -> Arrival:  # noqa: ANN401 - any argument of `compose`
    """What 荔波 signals to 环江."""
    source = changes.get("source", LIBO)
    key = changes.pop("key", papers.signer(source, KeyUse.EVENT))
    given: dict[str, Any] = {
        "source": LIBO,
        "to": HUANJIANG,
        "closing": closing(changes.get("to", HUANJIANG)),
        "number": number_at(NOW, 0),
        "now": NOW,
        "content_id": "0" * 32,
        "registry_version": 1,
        "signer": (key.kid, key.sign),
    }
    subject, message = compose(event, **(given | changes))
    return Arrival(1, subject, message)


def examined(
    arrival: Arrival, *, late: timedelta = timedelta(), trust: Trust | None = None, unwrap: Unwrap | None = None
) -> Signal | Unread | Fault:
    """What 环江 finds."""
    unwrap = unwrap or keyring(HUANJIANG).unwrap
    return examine_signal(arrival, trust=trust or papers.trust(), county=HUANJIANG, now=NOW + late, unwrap=unwrap)


def code_of(found: Signal | Unread | Fault) -> str:
    """Why it is refused."""
    assert isinstance(found, Fault), found
    return found.code


@pytest.mark.parametrize(
    "event",
    [
        HeadBeaconed(heads=(ChannelHead(channel="a" * 64, epoch="1-1380013800138000", seq=1, id="b" * 64),)),
        RangeRequested(wanted=(), all_heads=True),
    ],
)
def test_a_signal_is_read_as_it_was_said(event: Event) -> None:
    """An epoch whose random digits look like a telephone number must not stop a beacon."""
    found = examined(signalled(event))
    assert isinstance(found, Signal), found
    assert (found.source, found.event) == (LIBO, event)


def test_a_signal_for_another_is_not_ours() -> None:
    """A hub hands 南丹's beacon to 环江: heads of channels that it has no part in."""
    arrival = signalled(to=NANDAN)
    assert code_of(examined(arrival)) == "wire.wrong_recipient"
    moved = replace(arrival, subject=arrival.subject.replace(NANDAN, HUANJIANG))
    assert code_of(examined(moved)) == "wire.wrong_recipient"


@pytest.mark.parametrize(
    "subject",
    [
        f"hub.in.{LIBO}.normal.{HUANJIANG}.control.head_beaconed.v1",
        f"hub.in.{NANDAN}.signal.{HUANJIANG}.control.head_beaconed.v1",
        f"hub.in.{LIBO}.signal.{HUANJIANG}.control.range_requested.v1",
        "nonsense",
    ],
)
def test_a_signal_comes_on_its_own_subject(subject: str) -> None:
    """Another county's space, another kind, a lane of events."""
    assert code_of(examined(replace(signalled(), subject=subject))) == "wire.wrong_subject"


def test_a_chained_record_is_no_signal() -> None:
    """An event that is signalled would be in no chain, and nobody would miss it."""
    envelope = papers.envelope(to=(HUANJIANG,), agreement="control")
    subject = f"hub.in.{LIBO}.signal.{HUANJIANG}.{papers.POLICY.removeprefix('cn.sihu.')}"
    assert code_of(examined(Arrival(1, subject, envelope.to_wire()))) == "signal.unknown_type"


def test_a_key_of_another_county_or_use_signs_no_signal() -> None:
    """The receipt key of a county is not its word, and 南丹 does not speak for 荔波."""
    for key in (papers.signer(LIBO, KeyUse.RECEIPT), papers.signer(NANDAN, KeyUse.EVENT)):
        assert code_of(examined(signalled(key=key))) == "signature.unknown_key"


def test_a_stranger_signals_nothing() -> None:
    """富宁 is no member."""
    assert code_of(examined(signalled(source=FUNING))) == "signature.unknown_key"


def test_one_flipped_byte_is_noticed() -> None:
    """The heads are signed: whoever carries them cannot change one."""
    arrival = signalled(RangeRequested(wanted=(), all_heads=False))
    spoilt = arrival.message[:-1] + bytes([arrival.message[-1] ^ 1])
    assert code_of(examined(replace(arrival, message=spoilt))) == "content.digest"


@pytest.mark.parametrize("away", [FRESH + timedelta(seconds=1), -FRESH - timedelta(seconds=1)])
def test_what_was_held_up_says_nothing_about_now(away: timedelta) -> None:
    """A hub keeps a dead county's beacons and hands one over each minute: it looks alive for days."""
    assert code_of(examined(signalled(), late=away)) == "signal.out_of_time"
    assert isinstance(examined(signalled(), late=away * 0.9), Signal)


def test_the_numbers_of_signals_only_grow() -> None:
    """Two signals within one millisecond, or a clock that was set back a little."""
    first = number_at(NOW, 0)
    assert number_at(NOW, first) == first + 1
    assert number_at(NOW - timedelta(seconds=5), first) == first + 1
    assert number_at(NOW + timedelta(milliseconds=7), first) == first + 7


def test_a_signal_carries_no_personal_number() -> None:
    """The guards read signals, too: a text that does not fit is refused before any model reads it."""
    arrival = signalled()
    content = b'{"heads":[],"note":"11010519491231002X"}'
    in_clear = Arrival(1, arrival.subject, papers.envelope(content, **_as_signal(arrival)).to_wire())
    assert code_of(examined(in_clear, trust=without_keys())) == "guard.personal_number"


def _as_signal(arrival: Arrival) -> dict[str, Any]:
    signal = examined(arrival)
    assert isinstance(signal, Signal)
    known = signal.envelope.header
    names = ("type", "channel", "epoch", "seq", "prev", "to", "agreement", "purpose", "information_class", "status")
    return {name: getattr(known, name) for name in names}


def test_a_proof_is_two_headers() -> None:
    """One is no contradiction, three are a riddle."""
    with pytest.raises(ValueError, match="at least 2"):
        ForkProved(links=())


@pytest.mark.parametrize(
    ("content", "changes", "code"),
    [
        (b"{", {}, "json.malformed"),
        (b'{"heads":[]}', {"encoding": "hpke"}, "content.encoding"),
        (b'{"heads":[]}', {"media_type": "text/plain"}, "content.media_type"),
    ],
    ids=["no JSON", "encrypted", "no JSON type"],
)
def test_what_cannot_be_read_is_refused(content: bytes, changes: dict[str, str], code: str) -> None:
    """What claims to be encrypted must never be read as if it were not."""
    arrival = signalled()
    fields = _as_signal(arrival)
    binding = papers.envelope(content, **fields).header.content.model_copy(update=changes)
    envelope = papers.envelope(content, **fields, content=binding)
    assert code_of(examined(Arrival(1, arrival.subject, envelope.to_wire()), trust=without_keys())) == code


def without_keys(**changes: Any) -> Trust:  # noqa: ANN401 - of the key that the registry lists
    """Return the trust in which 环江's encryption key, if the registry lists any, is not one to encrypt to."""
    keys = [one for one in papers.member(HUANJIANG).keys if one.use is not KeyUse.ENCRYPTION]
    listed = [papers.encryption_record(HUANJIANG, **changes)] if changes else []
    members = [papers.member(one) for one in (NANDAN, LIBO)]
    members.append(papers.member(HUANJIANG, keys=(*keys, *listed)))
    return papers.trust(members=tuple(sorted(members, key=lambda one: one.county)))


def test_nobody_but_its_recipient_reads_a_signal() -> None:
    """Neither the hub, nor another member by its key, nor who has every key of the source."""
    name = "c0ffee" * 10 + "c0ff"
    beacon = HeadBeaconed(heads=(ChannelHead(channel=name, epoch="1-1380013800138000", seq=1, id="b" * 64),))
    arrival = signalled(beacon)
    assert name.encode() not in arrival.message
    for county in (NANDAN, LIBO):
        found = examined(arrival, unwrap=keyring(county).unwrap)
        assert isinstance(found, Unread)
        assert found.fault.code == "encryption.unknown_key"
    assert b'"kid"' in arrival.message, "so the search does look"
    assert arrival.message.count(b'"wrapped"') == 1, "for one reader"


def test_a_signal_in_clear_is_refused_where_a_key_is_listed() -> None:
    """A source that forgets to encrypt would go on telling the hub everything, and nobody would notice."""
    assert code_of(examined(signalled(closing=None))) == "signal.not_encrypted"


@pytest.mark.parametrize(
    "trust",
    [
        without_keys(),
        without_keys(valid_until=NOW),
        without_keys(valid_from=NOW + timedelta(milliseconds=1)),
        without_keys(public="A" * 43),
    ],
    ids=["none", "ended", "not yet", "of low order"],
)
def test_a_beacon_is_never_lost_for_want_of_a_key(trust: Trust) -> None:
    """The registry lists none that can be used: its source says what it has to say in clear, and is believed."""
    made = closing(HUANJIANG, trust)
    assert made is None
    found = examined(signalled(closing=made), trust=trust)
    assert isinstance(found, Signal), found


@pytest.mark.parametrize("known", [1, 3])
def test_what_another_registry_lists_is_nobodys_fault(known: int) -> None:
    """A key that the next registry lists: its partners that do not know that one yet would be called silent."""
    newer = papers.trust(version=2, previous="0" * 64)
    found = examined(signalled(closing=None, registry_version=known), trust=newer)
    assert isinstance(found, Signal), found
    assert code_of(examined(signalled(closing=None, registry_version=2), trust=newer)) == "signal.not_encrypted"


def test_the_key_of_one_signal_opens_no_other() -> None:
    """A source that repeats the wrapped key of its last signal: each is bound to its own number, source and reader."""
    first, spoilt = closing(HUANJIANG), closing(HUANJIANG)
    assert first is not None
    assert spoilt is not None
    wrapped = first.wrap(first.key, papers.from_public(first.reader), b"of another place")
    assert code_of(examined(signalled(closing=replace(spoilt, wrap=lambda *_: wrapped)))) == "encryption.key_not_opened"
    assert first.key.hex() not in repr(first)
    assert repr(first.key) not in repr(first)


def test_a_published_office_key_is_not_what_a_signal_waits_for() -> None:
    """A restored county has lost its office keys, and must hear its partners at once."""
    made = closing(HUANJIANG)
    assert made is not None
    assert made.reader == papers.encryption_record(HUANJIANG)


NEXT = MemorySigner(f"{LIBO} the next event key")


def ended(reason: ChangeReason) -> Trust:
    """Return the trust in which 荔波's event key has ended, and another has followed."""
    following = papers.key_record(NEXT, KeyUse.EVENT)
    change = KeyChange(
        county=LIBO,
        use=KeyUse.EVENT,
        old=papers.signer(LIBO).kid,
        reason=reason,
        ends=(),
        key=following,
        issued_at=NOW,
    )
    document = papers.signed(PayloadType.KEY_CHANGE, change, [papers.signer(LIBO, KeyUse.RECOVERY), NEXT])
    trust, faults = with_changes(papers.trust(), [document])
    assert faults == ()
    return trust


@pytest.mark.parametrize(
    ("reason", "code"),
    [(ChangeReason.ROTATED, "signature.key_retired"), (ChangeReason.REVOKED, "signature.key_revoked")],
)
def test_an_ended_key_signals_nothing(reason: ChangeReason, code: str) -> None:
    """A beacon stands in no chain: there is no position up to which a thief's could be told from a true one."""
    trust = ended(reason)
    by_old = examined(signalled(), trust=trust)
    assert code_of(by_old) == code
    by_next = examined(signalled(key=NEXT), trust=trust)
    assert isinstance(by_next, Signal), by_next
    assert code_of(examined(signalled(key=NEXT))) == "signature.unknown_key"
