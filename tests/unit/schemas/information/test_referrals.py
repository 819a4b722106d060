"""Referrals by themselves: closed lists, a separate consent for exactly this, and nothing else."""

from typing import Any

import pytest

from schemas.catalogue import parse_new
from schemas.information.person_fields import PersonField, PersonFields
from schemas.information.referrals import FIELDS_OF, ReferralOffered, ReferralPurpose
from services.domain.banned_names import is_banned_name
from tests.coursework import DESK, REFERRAL, SCHOOL, consent, fields, whole_offer


def faults(content: dict[str, Any]) -> list[tuple[str, str]]:
    """Codes and fields of what is wrong."""
    found = parse_new(REFERRAL, content)
    return [(one.code, one.field) for one in found] if isinstance(found, tuple) else []


def test_a_case_with_its_consent_is_refused() -> None:
    """What a person asked for, for one office, is taken."""
    assert isinstance(parse_new(REFERRAL, whole_offer()), ReferralOffered)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (whole_offer(consent=consent(separate=False)), "consent.separate"),
        (whole_offer(consent=consent(receiver=DESK)), "consent.receiver"),
        (whole_offer(consent=consent(receiver=SCHOOL | {"name": "环江县另一窗口"})), "consent.receiver"),
        (whole_offer(consent=consent(purpose="legal_aid")), "consent.purpose"),
        (whole_offer(consent=consent(field_names=["name", "hospital"])), "consent.field_names"),
        (whole_offer(consent=consent(field_names=["name"])), "fields.identity_number"),
        (whole_offer(fields=fields(hospital="某医院")), "fields.hospital"),
        (whole_offer(fields={}), "fields"),
        (whole_offer(to_office=DESK, consent=consent(receiver=DESK)), "to_office.adcode"),
        (whole_offer(consent=consent(expires_at="2026-03-31T00:00:00.000+08:00")), "expires_at"),
        (whole_offer(consent=consent(given_at="2026-04-02T00:00:00.000+08:00")), "expires_at"),
    ],
)
def test_a_case_goes_where_the_consent_does_not_reach(content: dict[str, Any], field: str) -> None:
    """Separate, for this office, this purpose, these fields, this long."""
    assert faults(content) == [("content.rule", f"content.{field}")]


def test_for_a_child_the_child_alone_consents() -> None:
    """Whoever has the care of it must (art. 31)."""
    names = ["name", "child_name", "school_stage"]
    given = {"name": "申请人甲", "child_name": "学生甲", "school_stage": "primary"}

    def school(*, guardian: bool) -> dict[str, Any]:
        asked = consent(purpose="school_place", field_names=names, guardian=guardian)
        return whole_offer(purpose="school_place", consent=asked, fields=given)

    assert faults(school(guardian=False)) == [("content.rule", "content.consent.guardian")]
    assert faults(school(guardian=True)) == []


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"note": "随便写"}, "unknown_field", "note"),
        ({"fields": fields() | {"note": "随便写"}}, "unknown_field", "fields.note"),
        ({"fields": fields(identity_number="451226180001010010")}, "rule", "fields.identity_number"),
        ({"fields": fields(phone="0778-8820110")}, "wrong_form", "fields.phone"),
        ({"fields": fields(name="一" * 31)}, "too_long", "fields.name"),
        ({"purpose": "watching"}, "not_allowed", "purpose"),
        ({"consent": consent(field_names=["religion"])}, "not_allowed", "consent.field_names.0"),
        ({"consent": consent(means="said_so")}, "not_allowed", "consent.means"),
        ({"consent": consent(evidence_sha256="none")}, "wrong_form", "consent.evidence_sha256"),
    ],
)
def test_a_case_says_more_than_there_are_fields_for(change: dict[str, Any], code: str, field: str) -> None:
    """No free text, no other purpose, a number that fits its check digit."""
    assert (f"content.{code}", f"content.{field}") in faults(whole_offer() | change)


def test_a_field_is_in_no_list_or_in_every_list() -> None:
    """Each purpose has its own closed list, and the fields have one name each."""
    assert [one.value for one in PersonField] == list(PersonFields.model_fields)
    assert set(FIELDS_OF) == set(ReferralPurpose)
    assert set().union(*FIELDS_OF.values()) == set(PersonField)
    assert all(len(allowed) < len(PersonField) for allowed in FIELDS_OF.values())
    assert [one for one in PersonField if is_banned_name(one)] == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("accepted", {"handled_by_role": "窗口经办员"}),
        ("declined", {"reason": "no_capacity"}),
        ("completed", {"outcome": "provided"}),
        ("withdrawn", {"by": "person"}),
        ("expired", {}),
    ],
)
def test_a_step_has_room_for_more(name: str, content: dict[str, Any]) -> None:
    """What follows the offer says nothing about anybody."""
    wire_type = f"cn.sihu.information.referral_{name}.v1"
    assert not isinstance(parse_new(wire_type, {"referral_id": "1" * 32} | content), tuple)
    assert isinstance(parse_new(wire_type, {"referral_id": "1" * 32, "note": "x"} | content), tuple)
