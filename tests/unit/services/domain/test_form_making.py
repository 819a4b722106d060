"""A form shows what stands in it, offers what may, and puts what is wrong beside its field."""

from pydantic import JsonValue

from schemas.errors import Fault
from schemas.governance.mediation import CaseNoticeGiven
from schemas.information.alerts import AlertIssued
from schemas.information.bulletins import PolicyBulletinPublished
from schemas.outreach.campaigns import CampaignAnnounced
from services.domain.form_fields import Choice, Input, Source, shapes_of
from services.domain.form_making import make_form, path_zh, typed_of
from services.domain.form_shown import Form, FormField, FormSection
from tests.forms import fields_of

ALERT = shapes_of(AlertIssued)


def field_of(form: Form, name: str) -> FormField:
    """A field wherever it stands."""

    def walk(fields: tuple[FormField, ...]) -> FormField | None:
        for one in fields:
            if one.name == name:
                return one
            inner = (*one.parts, *one.rare, *(part for row in one.rows for part in (*row.parts, *row.rare)))
            found = walk(inner)
            if found is not None:
                return found
        return None

    found = walk(tuple(fields_of(form)))
    assert found is not None, name
    return found


def section_of(form: Form, title: str) -> FormSection:
    """A section by its heading."""
    return next(one for one in form.sections if one.title == title)


def test_a_new_form_is_not_ready_to_be_filled_in() -> None:
    """Defaults stand in it, and the rows that a list needs at least."""
    form = make_form(ALERT, model="AlertIssued")

    assert field_of(form, "content.code_scheme").value == "GB/T 35561"
    assert len(field_of(form, "content.areas").rows) == 1
    assert len(field_of(form, "content.neighbour_risk").rows) == 0
    assert [section.is_open for section in form.sections] == [False] * len(form.sections)
    assert not field_of(form, "content.impact").is_open


def test_what_is_filled_in_lies_hidden() -> None:
    """A group or a rare field that says something is shown open."""
    content: dict[str, JsonValue] = {
        "impact": {"dead": 0},
        "areas": [{"desc": "沿河", "circle": ["25.41,107.88 12.5"]}],
        "response_level": 3,
    }
    form = make_form(ALERT, typed_of(ALERT, content), model="AlertIssued")

    assert field_of(form, "content.impact").is_open
    assert field_of(form, "content.areas").rows[0].is_open
    assert section_of(form, "等级").is_open
    assert not section_of(form, "对照").is_open


def test_a_fault_lies_far_from_its_field() -> None:
    """Beside its own field, or the nearest that holds it, with the entry's number; at the top with the whole path."""
    shapes = shapes_of(PolicyBulletinPublished)
    typed = typed_of(shapes, {"topics": ["入学", "x" * 31], "attachments": [{"name": "a.pdf"}]})
    faults = (
        Fault("content.too_long", "content.topics.1", "shorten it to at most 30 characters"),
        Fault("content.missing_field", "content.attachments.0.size", "add this field; the type needs it"),
        Fault("content.rule", "content.attachments.0", "give each entry once"),
        Fault("sharing.no_agreement", "agreement", "adopt it first"),
    )
    form = make_form(shapes, typed, faults, model="PolicyBulletinPublished")

    assert field_of(form, "content.topics").errors == ("第 2 项：太长，最多 30 字，请缩短。",)
    assert field_of(form, "content.attachments.0.size").errors == ("这一栏要填。",)
    assert field_of(form, "content.attachments").rows[0].errors == ("同一项写了两次，只留一次。",)
    assert [one.label for one in form.problems] == ["主题", "附件 1 · 字节数", "附件 1", "协作协议"]
    assert [one.ident for one in form.problems] == [
        "f-content-topics",
        "f-content-attachments-0-size",
        "f-content-attachments-0",
        "",
    ]
    assert form.problems[-1].sentence.startswith("这份协议在本县没有生效")


def test_a_field_that_the_form_lacks_is_named_in_english() -> None:
    """Its path is said in words; a name that nobody knows is left to the sentence."""
    assert path_zh("content.areas.0.adcodes") == "地区 · 1 · 行政区划代码"
    assert path_zh("content.referral_id") == "对接单号"
    assert path_zh("content.from_the_future") == ""
    assert path_zh("") == ""
    assert path_zh("content") == ""


def test_a_page_cannot_offer_what_it_knows() -> None:
    """Choices by the name of a field, or by what kind of thing it wants; the region's counties if it says nothing."""
    shapes = shapes_of(CaseNoticeGiven)
    plain = make_form(shapes)
    offered = make_form(
        shapes,
        typed_of(shapes, {"parties": ["p2"]}),
        offers={Source.PARTY.value: (Choice("p1", "甲村民小组"), Choice("p2", "乙村民小组"))},
    )

    assert field_of(plain, "content.parties").input is Input.LINES
    parties = field_of(offered, "content.parties")
    assert parties.input is Input.CHOICES
    assert [option.is_chosen for option in parties.options] == [False, True]
    county = field_of(make_form(shapes_of(CampaignAnnounced)), "content.partners.0.county")
    assert county.input is Input.CHOICE
    assert ("451226", "环江（451226）") in {(one.value, one.label) for one in county.options}


def test_a_value_that_nobody_offered_is_lost() -> None:
    """A county of elsewhere, a word that is no member: it stays chosen, or stands in the line beside."""
    content: dict[str, JsonValue] = {"severity": "grave", "areas": [{"desc": "x", "adcodes": ["451226", "110101"]}]}
    form = make_form(ALERT, typed_of(ALERT, content), model="AlertIssued")

    assert [one.value for one in field_of(form, "content.severity").options if one.is_chosen] == ["grave"]
    codes = field_of(form, "content.areas.0.adcodes")
    assert [one.value for one in codes.options if one.is_chosen] == ["451226"]
    assert codes.other == "110101"


def test_a_browser_empties_what_it_cannot_read() -> None:
    """A date that is none stands in a plain line, so that it is seen."""
    shapes = shapes_of(PolicyBulletinPublished)
    form = make_form(shapes, {"content.issued_on": ("昨天",), "content.reply_due": ("2026-06-11T07:00",)})

    assert field_of(form, "content.issued_on").type == "text"
    assert field_of(form, "content.reply_due").type == "datetime-local"
