"""Personal events between two offices: an agreement that permits them, and the short-lived keys that they need."""

from typing import Any, Final

from adapters.memory.encryption import MemoryEncryption
from schemas.base import InformationClass
from schemas.ids import CountyCode
from schemas.records import StoredEvent
from schemas.registry import KeyRecord
from services.domain.trust import Trust
from services.ports import Transaction
from tests import papers
from tests.desk import Office
from tests.papers import HUANJIANG, LIBO
from tests.world import World, policy_draft

RETENTION_DAYS: Final = 30
TRUST: Final = papers.trust(
    papers.in_force(class_ceiling=InformationClass.PERSONAL, internal_in_clear=False, retention_days=RETENTION_DAYS)
)
TITLE: Final = "樟江沿线联合巡查安排"
PERSONAL: Final = {"class": InformationClass.PERSONAL, "to": [HUANJIANG]}
DAY: Final = 24 * 3600.0


def office_key(county: str) -> KeyRecord:
    """Return the public record of a county's office key."""
    return papers.x25519_record(f"{county} office", valid_from=papers.NOW, valid_until=papers.later(days=38))


async def introduce(*offices: Office) -> None:
    """Let each office hold its office key, and know those of both counties."""

    def keep(tx: Transaction) -> None:
        for county in (HUANJIANG, LIBO):
            tx.key_book.keep(county, office_key(county))

    for office in offices:
        office.trusted = TRUST
        office.encryption.add(f"{office.code} office")
        await office.store.write(keep)


async def world_with_offices(*codes: CountyCode, trust: Trust = TRUST) -> World:
    """Return counties in one process, each with its office key and those of the others."""
    world = World(codes, trust=trust)
    for county in world.counties.values():
        assert isinstance(county.encryption, MemoryEncryption)
        county.encryption.add(f"{county.code} office")
        for code in codes:
            await county.store.write(lambda tx, code=code: tx.key_book.keep(code, office_key(code)))  # type: ignore[misc]
    return world


async def told_of_a_person() -> tuple[World, str]:
    """荔波 has sent 环江 something about a person; return the id with the world."""
    world = await world_with_offices(HUANJIANG, LIBO)
    draft = policy_draft(content=papers.policy_content(title=TITLE), to=[HUANJIANG], **{"class": "personal"})
    posted = await world[LIBO].send(draft)
    await world.carry()
    return world, posted.envelope_id


async def post_personal(office: Office, **draft: Any) -> str:  # noqa: ANN401 - any field of the draft
    """Post a bulletin about a person; return its id."""
    posted = await office.post(content=papers.policy_content(title=TITLE), **(PERSONAL | draft))
    return posted.envelope_id


async def kept(office: Office, envelope_id: str) -> StoredEvent:
    """Return an event as a county keeps it."""
    found = await office.store.read(lambda s: s.event(envelope_id))
    assert found is not None
    return found
