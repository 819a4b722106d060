"""Encrypted events between two whole counties: encrypted where they are posted, opened before the guards look."""

import json
from typing import Any, Final

import pytest

from schemas.base import InformationClass
from schemas.control import MemberKeyPublished
from schemas.envelope import Envelope
from schemas.errors import RequestError
from schemas.notices import NoticeKind
from schemas.records import Direction, EventSummary, Page
from schemas.registry import KeyRecord
from services.domain.encoding import require_base64url
from services.domain.encryption import encrypt_content, parse_keys, spell_keys, wrap_info
from services.domain.governance import kid_of
from services.domain.reading import content_of, title_of
from services.ports import Transaction
from tests import papers
from tests.desk import Office, everything_in, opened, place_of
from tests.encrypted import CONTENT_ID, KEY, SALT, encrypted_envelope, keyring
from tests.papers import HUANJIANG, LIBO, NANDAN

TRUST: Final = papers.trust(papers.in_force(internal_in_clear=False))
INTERNAL: Final = {"class": InformationClass.INTERNAL}
TITLE: Final = "樟江沿线联合巡查安排"
OFFICE: Final = "451226 office March"


@pytest.fixture
def desk(desk: Office) -> Office:
    """环江, under an agreement that lets nothing internal go in clear."""
    desk.trusted = TRUST
    return desk


@pytest.fixture
def neighbour(neighbour: Office) -> Office:
    """荔波, under the same."""
    neighbour.trusted = TRUST
    return neighbour


def bulletin(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return a bulletin with something in it that a search must not find."""
    return papers.policy_content(title=TITLE, **changes)


async def posted(office: Office, **draft: Any) -> list[Envelope]:  # noqa: ANN401 - any field of the draft
    """Post it as internal; return what goes out."""
    await office.post(content=bulletin(), **{"class": InformationClass.INTERNAL, **draft})
    return [opened(one.message) for one in await office.sent()]


async def listed(office: Office, direction: Direction) -> Page[EventSummary]:
    """Return the listing of one direction."""
    return await office.store.read(lambda s: s.events(direction=direction, wire_type=None, since=0, limit=9))


async def test_internal_content_crosses_and_is_read_at_both_ends(desk: Office, neighbour: Office) -> None:
    """The whole way: drafted, encrypted, kept, received, opened, listed by its title."""
    sent = await neighbour.post(content=bulletin(), **INTERNAL)
    arrivals = await neighbour.sent()
    assert all(TITLE.encode() not in one.message for one in arrivals)

    await desk.take(*arrivals)

    assert await desk.codes() == []
    for office, direction in ((neighbour, Direction.OUTGOING), (desk, Direction.INCOMING)):
        held = await office.store.read(lambda s: s.event(sent.envelope_id))
        assert held is not None
        assert json.loads(content_of(held)) == bulletin()
        assert held.envelope == opened(arrivals[-1].message)
        page = await listed(office, direction)
        assert [title_of(row) for row in page.rows] == [TITLE]
        assert [row.headline for row in page.rows] == [""]
        assert TITLE.encode() not in await everything_in(office.store)


async def test_public_content_goes_in_clear(neighbour: Office) -> None:
    """The search above would find it: it looks at the same bytes."""
    await neighbour.post(content=bulletin())
    assert any(TITLE.encode() in one.message for one in await neighbour.sent())
    assert TITLE.encode() in await everything_in(neighbour.store)


async def test_what_the_agreement_lets_go_in_clear_goes_in_clear(neighbour: Office) -> None:
    """Only where every party signed that it may."""
    neighbour.trusted = papers.trust()
    event = (await posted(neighbour))[-1]
    assert (event.header.content.encoding, event.keys_bytes) == ("none", b"")


async def test_the_opening_of_an_epoch_goes_in_clear(neighbour: Office) -> None:
    """It is about the chain, and a member that cannot open content must still follow the chain."""
    opening, event = await posted(neighbour)
    assert (opening.header.content.encoding, opening.keys_bytes) == ("none", b"")
    assert event.header.content.encoding == "hpke"


async def test_there_is_a_key_for_each_reader_and_for_the_source(neighbour: Office) -> None:
    """And they are those that the registry lists, as long as nobody published a younger one."""
    event = (await posted(neighbour))[-1]
    entries = parse_keys(event.keys_bytes, event.header)
    assert isinstance(entries, dict)
    assert event.header_bytes == event.header.model_dump_json(by_alias=True, exclude_none=True).encode()
    expected = {county: papers.encryption_record(county).kid for county in papers.COUNTIES}
    assert {county: entry.kid for county, entry in entries.items()} == expected


async def test_the_guards_look_at_what_was_encrypted(desk: Office, neighbour: Office) -> None:
    """A partner without guards: what it may not say in clear it may not say encrypted either, and it is not kept."""
    opening, _ = await posted(neighbour)
    hidden = papers.as_bytes(bulletin(summary="联系人 11010519491231002X"))
    made = _encrypted_like(hidden, opening)

    await desk.take(papers.arrival(opening), papers.arrival(made, at=2))

    (refused,) = await desk.quarantined()
    assert refused.code == "guard.personal_number"
    assert made.content not in await everything_in(desk.store)


def _encrypted_like(body: bytes, opening: Envelope) -> Envelope:
    place = place_of(opening)
    made = encrypt_content(body, source=LIBO, content_id=CONTENT_ID, key=KEY, salt=SALT)
    wrapped: dict[str, tuple[str, bytes]] = {}
    for county in papers.COUNTIES:
        info = wrap_info(
            wire_type=papers.POLICY,
            source=LIBO,
            channel=opening.header.channel,
            epoch=place["epoch"],
            seq=1,
            recipient=county,
            content_id=CONTENT_ID,
        )
        record = papers.encryption_record(county)
        wrapped[county] = (record.kid, keyring(county).wrap(KEY, require_base64url(record.public), info))
    return encrypted_envelope(
        keys=spell_keys(wrapped),
        carried=made.carried,
        prev=opening.envelope_id,
        agreement=opening.header.agreement,
        **place,
    )


async def test_what_does_not_open_is_refused_and_the_chain_goes_on(desk: Office, neighbour: Office) -> None:
    """The source's officer learns of it; the next event is taken."""
    await neighbour.post(content=bulletin(), **INTERNAL)
    first = await neighbour.sent()
    desk.encryption.forget(papers.encryption_record(HUANJIANG).kid)
    await desk.take(*first)
    assert await desk.codes() == ["encryption.unknown_key"]

    desk.encryption.add(papers.encryption_name(HUANJIANG))
    await neighbour.post(content=bulletin(), **INTERNAL)
    await desk.take(*await neighbour.sent())
    assert await desk.seqs() == [2]

    for receipt in await desk.sent():
        await neighbour.take(receipt)
    assert await neighbour.notices() == [NoticeKind.REFUSED]


async def test_a_gap_waits_encrypted_and_is_opened_when_it_closes(desk: Office, neighbour: Office) -> None:
    """What is held back is not opened and kept: it is opened when its turn comes."""
    for _ in range(3):
        await neighbour.post(content=bulletin(), **INTERNAL)
    opening, one, two, three = await neighbour.sent()
    await desk.take(opening, three, two)
    assert TITLE.encode() not in await everything_in(desk.store)
    assert await desk.store.read(lambda s: s.oldest_held()) == desk.clock.now()

    await desk.take(one)

    assert await desk.seqs() == [1, 2, 3]
    assert await desk.store.read(lambda s: s.oldest_held()) is None


async def test_encrypted_content_cannot_be_read_by_another_member(neighbour: Office) -> None:
    """南丹 is a member and no reader here."""
    event = (await posted(neighbour, to=[HUANJIANG]))[-1]
    entries = json.loads(event.keys_bytes)
    assert [entry["to"] for entry in entries] == [HUANJIANG, LIBO]
    assert all(entry["kid"] != papers.encryption_record(NANDAN).kid for entry in entries)


# -- office keys --------------------------------------------------------------------------------------


def office_key(name: str = OFFICE, **changes: Any) -> KeyRecord:  # noqa: ANN401 - any field
    """Return a key of 环江 that lives for a month."""
    return papers.x25519_record(name, **{"valid_from": papers.NOW, "valid_until": papers.later(days=38)} | changes)


def publication(key: KeyRecord, **changes: Any) -> Envelope:  # noqa: ANN401 - any field of the header
    """Return what 环江 publishes as the first event behind an opening."""
    content = MemberKeyPublished(key=key).model_dump_json(exclude_none=True).encode()
    given: dict[str, Any] = {
        "type": MemberKeyPublished.wire_type,
        "source": HUANJIANG,
        "to": (NANDAN, LIBO),
        "information_class": InformationClass.INTERNAL,
        "purpose": "bus_control",
        "agreement": TRUST.agreements[papers.AGREEMENT].reference,
    }
    return papers.envelope(content, **given | changes)


async def published(desk: Office, neighbour: Office, key: KeyRecord) -> list[str]:
    """Let 环江 publish a key to 荔波; return why it was refused, if it was."""
    await desk.post()
    opening = (await desk.sent())[0]
    header = opened(opening.message).header
    record = publication(key, epoch=header.epoch, prev=opened(opening.message).envelope_id)
    subject = f"hub.in.{HUANJIANG}.normal._{papers.AGREEMENT}.control.member_key_published.v1"
    await neighbour.take(opening, papers.arrival(record, subject=subject, at=2))
    return await neighbour.codes()


async def test_the_newest_published_key_is_used(desk: Office, neighbour: Office) -> None:
    """The month's key instead of the one that lives for years; and the receiver opens by it."""
    desk.encryption.add(OFFICE)
    assert await published(desk, neighbour, office_key()) == []

    event = (await posted(neighbour))[-1]

    entries = parse_keys(event.keys_bytes, event.header)
    assert isinstance(entries, dict)
    assert entries[HUANJIANG].kid == office_key().kid
    assert entries[NANDAN].kid == papers.encryption_record(NANDAN).kid


async def test_a_key_that_has_ended_is_not_used(desk: Office, neighbour: Office) -> None:
    """Its private half may be gone: the registry's key is the fallback."""
    await published(desk, neighbour, office_key())
    neighbour.clock.jump(39 * 24 * 3600)
    event = (await posted(neighbour))[-1]
    entries = parse_keys(event.keys_bytes, event.header)
    assert isinstance(entries, dict)
    assert entries[HUANJIANG].kid == papers.encryption_record(HUANJIANG).kid


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kid": "00" * 16}, "key.misnamed"),
        ({"public": "A" * 43}, "key.misnamed"),
    ],
)
async def test_a_misnamed_key_is_refused(desk: Office, neighbour: Office, changes: dict[str, str], code: str) -> None:
    """What is encrypted to it could not be opened, or by whom we do not know."""
    assert await published(desk, neighbour, office_key(**changes)) == [code]
    assert await neighbour.store.write(lambda tx: tx.key_book.of(HUANJIANG)) == ()


async def test_a_point_of_low_order_is_refused(desk: Office, neighbour: Office) -> None:
    """Everybody could open what is encrypted to it, and nobody could encrypt to its audience any more."""
    weak = office_key(public="A" * 43, kid=kid_of("x25519", bytes(32)))
    assert await published(desk, neighbour, weak) == ["key.unusable"]


async def test_content_is_refused_at_the_desk_if_a_reader_has_no_key(neighbour: Office) -> None:
    """Before anything was placed: the chain has no hole, and the officer reads whom to ask."""
    members = tuple(papers.member(county, keys=papers.member(county).keys[:4]) for county in papers.COUNTIES)
    neighbour.trusted = papers.trust(papers.in_force(internal_in_clear=False), members=members)
    with pytest.raises(RequestError) as refused:
        await posted(neighbour)
    assert refused.value.fault.code == "encryption.no_reader_key"
    assert await neighbour.sent() == []


async def test_an_unusable_key_in_the_registry_is_no_key(neighbour: Office) -> None:
    """The library refuses to compute with it: that must be a refusal at the desk, and no crash of every sender."""
    weak = papers.encryption_record(HUANJIANG, public="A" * 43, kid=kid_of("x25519", bytes(32)))
    members = tuple(
        papers.member(county, keys=(*papers.member(county).keys[:4], weak))
        if county == HUANJIANG
        else papers.member(county)
        for county in papers.COUNTIES
    )
    neighbour.trusted = papers.trust(papers.in_force(internal_in_clear=False), members=members)
    with pytest.raises(RequestError) as refused:
        await posted(neighbour)
    assert refused.value.fault.code == "encryption.no_reader_key"


async def test_personal_content_waits_for_a_short_lived_key(neighbour: Office) -> None:
    """Encrypted to a key that lives for years it could never be destroyed for good."""
    in_force = papers.in_force(class_ceiling=InformationClass.PERSONAL)
    neighbour.trusted = papers.trust(in_force)
    with pytest.raises(RequestError) as refused:
        await posted(neighbour, **{"class": InformationClass.PERSONAL})
    assert refused.value.fault.code == "encryption.no_office_key"


async def test_personal_content_goes_to_short_lived_keys_alone(desk: Office, neighbour: Office) -> None:
    """Reader and source both have one: then it is posted, and both read it."""
    in_force = papers.in_force(class_ceiling=InformationClass.PERSONAL, internal_in_clear=False)
    desk.trusted = neighbour.trusted = papers.trust(in_force)
    own = office_key("522722 office March")
    desk.encryption.add(OFFICE)

    def keep(tx: Transaction) -> None:
        tx.key_book.keep(HUANJIANG, office_key())
        tx.key_book.keep(LIBO, own)

    await neighbour.store.write(keep)
    posted = await neighbour.post(content=bulletin(), to=[HUANJIANG], **{"class": InformationClass.PERSONAL})
    arrivals = await neighbour.sent()
    event = opened(arrivals[-1].message)
    entries = parse_keys(event.keys_bytes, event.header)
    assert isinstance(entries, dict)
    assert {county: entry.kid for county, entry in entries.items()} == {HUANJIANG: office_key().kid, LIBO: own.kid}

    await desk.take(*arrivals)

    assert await desk.codes() == []
    held = await desk.store.read(lambda s: s.event(posted.envelope_id))
    assert held is not None
    assert json.loads(content_of(held)) == bulletin()
