"""Campaigns and material: what a plan, an answer, a poster may say."""

from typing import Any

import pytest

from schemas.base import Event
from schemas.catalogue import parse_new
from schemas.outreach.campaigns import CampaignAnnounced, CampaignChanged, CampaignClosed
from schemas.outreach.materials import MaterialShared
from services.domain.guards import guard_new
from tests.joint import answer, campaign, closing, event
from tests.papers import as_bytes


def faulty(model: type[Event], content: dict[str, Any]) -> str:
    """The field of the only fault."""
    found = parse_new(model.wire_type, content)
    assert isinstance(found, tuple), "it was accepted"
    assert len(found) == 1, found
    return found[0].field


def material(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """A poster."""
    given: dict[str, Any] = {
        "title": "三月三防溺水海报",
        "kind": "poster",
        "languages": ["zh-CN", "za"],
        "licence": "CC-BY-4.0",
        "credit": "环江县应急管理局",
        "attachments": [{"name": "海报.png", "media_type": "image/png", "size": 12, "sha256": "0" * 64}],
        "expires": "2027-05-01T00:00:00.000+08:00",
    }
    return given | changes


def test_a_plan_is_read_as_it_was_written() -> None:
    """``kind`` stands on the wire, and the lead is the county in the UID."""
    made = event(CampaignAnnounced, campaign())
    assert isinstance(made, CampaignAnnounced)
    assert made.model_dump(mode="json", exclude_none=True)["kind"] == "festival"
    assert made.sequence == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ends": "2027-06-30T09:00:00.000+08:00"}, "content.ends"),
        ({"ends": "2027-12-30T09:00:00.000+08:00"}, "content.ends"),
        ({"reply_by": "2027-07-30T09:00:00.000+08:00"}, "content.reply_by"),
        ({"partners": campaign()["partners"] * 2}, "content.partners"),
        ({"partners": [{"county": "451226", "office": "联络办", "role": "guest"}]}, "content.partners"),
        ({"partners": [campaign()["partners"][0] | {"reply": "accepted"}]}, "content.partners"),
        ({"places": []}, "content.places"),
        ({"places": [{"desc": "广场", "point": "108.01,25.08"}]}, "content.places.0.point"),
        ({"ics_uid": "fenlong-2027@sihu"}, "content.ics_uid"),
        ({"ics_uid": "451226-fenlong-2027@example"}, "content.ics_uid"),
        ({"sequence": 1}, "content.sequence"),
        ({"attendance_band": "4821"}, "content.attendance_band"),
        ({"contact_person": "值班员甲"}, "content.contact_person"),
    ],
)
def test_a_plan_that_cannot_be_kept_is_sent(change: dict[str, Any], field: str) -> None:
    """Ends before it begins, invites itself, has an answer before it was asked, counts heads, names a person."""
    assert faulty(CampaignAnnounced, campaign() | change) == field


def test_a_change_does_not_say_what_changed() -> None:
    """Whoever answered wants to know whether to answer again."""
    content = campaign(1)
    del content["what_changed"]
    assert faulty(CampaignChanged, content) == "content.what_changed"
    assert faulty(CampaignChanged, campaign(1) | {"sequence": 0}) == "content.sequence"


def test_a_campaign_that_was_called_off_had_visitors() -> None:
    """A closing says one thing."""
    content = closing(outcome="cancelled", attendance_band="0-99")
    assert faulty(CampaignClosed, content) == "content.attendance_band"


def test_a_mobile_number_gets_into_a_plan() -> None:
    """An office has a landline; a mobile number is a person's."""
    content = campaign(contact_office={"office": "文化馆", "phone": "13800000000"})
    fault = guard_new(content, as_bytes(content))
    assert fault is not None
    assert fault.code == "guard.personal_number"
    assert guard_new(answer(), as_bytes(answer())) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"licence": "CC0-1.0"}, "content.credit"),
        ({"credit": None}, "content.credit"),
        ({"kind": "video"}, "content.attachments"),
        ({"attachments": []}, "content.attachments"),
        ({"attachments": material()["attachments"] * 2}, "content.attachments"),
        ({"languages": []}, "content.languages"),
        ({"licence": "all rights reserved"}, "content.licence"),
    ],
)
def test_material_is_shared_without_saying_how_it_may_be_used(change: dict[str, Any], field: str) -> None:
    """A licence from the list, a credit exactly where it asks for one, files of the kind that it says."""
    assert event(MaterialShared, material()).wire_type == MaterialShared.wire_type
    assert faulty(MaterialShared, material() | change) == field
