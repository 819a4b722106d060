"""What the ceremony writes: cards, the next registry, credentials; and what an owner must notice."""

import pytest

from schemas.errors import Fault
from schemas.officers import OfficerCredential, Role
from schemas.registry import KeyUse, MemberCard, Registry
from services.domain.ceremony import (
    ALGORITHMS,
    Introduction,
    credential,
    lists_us_truly,
    member_card,
    next_registry,
)
from services.domain.encoding import to_base64url
from services.domain.governance import kid_of
from tests import papers

PUBLIC = {use: bytes([number]) * 32 for number, use in enumerate(ALGORITHMS)}


def introduction(**changes: str) -> Introduction:
    """Return how 荔波 introduces itself."""
    given = {
        "county": papers.LIBO,
        "office": "荔波县联络办",
        "duty_phone": "0854-3610110",
        "transport_key": "U" + "A" * 55,
        "certificate_request": "(none)",
    }
    return Introduction(**(given | changes))


def proposed(**changes: object) -> Registry | Fault:
    """Propose the registry of the three."""
    given: dict[str, object] = {"threshold": 2, "issued_at": papers.NOW, "expires_at": papers.FAR_AHEAD}
    members = changes.pop("members", [papers.member(county) for county in papers.COUNTIES])
    return next_registry(members, **(given | changes))  # type: ignore[arg-type]


def test_a_card_names_every_key_by_its_rule() -> None:
    """A key id that does not follow from its key would be refused by every neighbour."""
    card = member_card(introduction(), PUBLIC, papers.NOW)
    assert isinstance(card, MemberCard)
    assert {key.use for key in card.member.keys} == set(KeyUse)
    for key in card.member.keys:
        assert key.kid == kid_of(key.algorithm, PUBLIC[key.use])
        assert key.public == to_base64url(PUBLIC[key.use])
        assert key.valid_from == papers.NOW


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"county": "4512"}, "county"), ({"office": ""}, "office"), ({"duty_phone": "call me"}, "duty_phone")],
)
def test_a_card_that_does_not_fit_names_the_field(changes: dict[str, str], field: str) -> None:
    """Whoever typed it must see which of the three was wrong; nothing is written then."""
    fault = member_card(introduction(**changes), PUBLIC, papers.NOW)
    assert isinstance(fault, Fault)
    assert field in fault.field


def test_the_first_registry_follows_from_cards_alone() -> None:
    """In ascending order whatever the order of the files, or two assemblers would get two digests."""
    backwards = [papers.member(county) for county in reversed(papers.COUNTIES)]
    registry = proposed(members=backwards)
    assert isinstance(registry, Registry)
    assert (registry.version, registry.previous) == (1, None)
    assert [member.county for member in registry.members] == list(papers.COUNTIES)


def test_the_next_registry_keeps_who_is_not_named() -> None:
    """A county must not fall out of the registry because its card was not at hand."""
    trusted = papers.trust()
    renewed = papers.member(papers.LIBO, duty_phone="0854-0000")
    registry = proposed(members=[renewed], trusted=trusted)
    assert isinstance(registry, Registry)
    assert (registry.version, registry.previous) == (2, trusted.registry_digest)
    assert [member.county for member in registry.members] == list(papers.COUNTIES)
    assert registry.members[-1].duty_phone == "0854-0000"


def test_a_county_leaves_by_name() -> None:
    """Only who is named leaves."""
    registry = proposed(members=[], trusted=papers.trust(), removed=frozenset({papers.LIBO}))
    assert isinstance(registry, Registry)
    assert papers.LIBO not in {member.county for member in registry.members}


def test_two_different_cards_of_one_county_are_refused() -> None:
    """One of them is not its owner's: a person has to ask. The same card twice is harmless."""
    twice = [papers.member(papers.LIBO), papers.member(papers.LIBO)]
    assert isinstance(proposed(members=twice, threshold=1), Registry)
    two = [papers.member(papers.LIBO), papers.member(papers.LIBO, duty_phone="0854-0000")]
    fault = proposed(members=two, threshold=1)
    assert isinstance(fault, Fault)
    assert fault.code == "registry.two_cards"


def test_a_threshold_above_the_members_is_refused() -> None:
    """Such a registry could never be signed by enough."""
    fault = proposed(threshold=4)
    assert isinstance(fault, Fault)


def test_an_owner_notices_keys_that_are_not_its_own() -> None:
    """Somebody who put a key of theirs under our name would sign as us: signing and pinning must stop."""
    registry, own = papers.registry(), papers.member(papers.LIBO)
    assert lists_us_truly(registry, own) is None
    strange = papers.key_record(papers.signer(papers.LIBO, KeyUse.EVENT, name="stranger"), KeyUse.EVENT)
    forged = papers.registry(members=(papers.member(papers.NANDAN), papers.member(papers.LIBO, keys=(strange,))))
    fault = lists_us_truly(forged, own)
    assert fault is not None
    assert fault.code == "registry.not_our_keys"
    exchanged = own.model_copy(update={"transport_key": "U" + "B" * 55})
    fault = lists_us_truly(registry, exchanged)
    assert fault is not None
    assert fault.field == "members.transport_key"


def test_an_owner_notices_that_it_was_left_out() -> None:
    """Pinning a registry without ourselves would make this county deaf without telling why."""
    fault = lists_us_truly(papers.registry(), papers.member(papers.FUNING))
    assert fault is not None
    assert fault.code == "registry.not_us"


def test_a_credential_holds_what_was_given() -> None:
    """An officer is certified for this county, this key, this time."""
    made = credential(
        county=papers.LIBO,
        officer="duty-a",
        name="值班员甲",
        roles=[Role.DUTY],
        public=b"\x07" * 32,
        now=papers.NOW,
        until=papers.FAR_AHEAD,
    )
    assert isinstance(made, OfficerCredential)
    assert (made.county, made.officer, made.expires_at) == (papers.LIBO, "duty-a", papers.FAR_AHEAD)


def test_an_officers_id_has_its_form() -> None:
    """An id with a slash would be a path in the county's directory."""
    fault = credential(
        county=papers.LIBO,
        officer="../keys/event",
        name="值班员甲",
        roles=[Role.DUTY],
        public=b"\x07" * 32,
        now=papers.NOW,
        until=papers.FAR_AHEAD,
    )
    assert isinstance(fault, Fault)
    assert "officer" in fault.field
