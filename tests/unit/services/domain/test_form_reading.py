"""What was typed becomes content; what cannot be read goes on to the schema; rows come and go by a button."""

# ruff: noqa: RUF001 - digits of a Chinese keyboard
import json
from datetime import date

import pytest
from pydantic import JsonValue

from schemas.base import Event
from schemas.catalogue import parse_new
from schemas.development.projects import ProjectProgressed, ProjectProposed
from schemas.development.resources import ResourceAnswered, ResourceOffered, ResourceWithdrawn
from schemas.governance.mediation import CaseRegistered
from schemas.governance.mediation_outcomes import CaseAgreementDrafted, CasePerformanceDue
from schemas.information.alerts import AlertIssued
from schemas.information.bulletins import PolicyBulletinPublished
from schemas.outreach.campaigns import CampaignAnnounced, CampaignAnswered, CampaignChanged, CampaignClosed
from services.domain.form_fields import shapes_of
from services.domain.form_making import make_form, typed_of
from services.domain.form_pairs import NAME_MOST, PAIRS_MOST, TEXT_MOST
from services.domain.form_reading import KnownFile, ReadForm, read_form
from tests import case_contents, joint
from tests.architecture.tracked import ROOT
from tests.forms import Pairs, pairs_of

ALERT = shapes_of(AlertIssued)
SAMPLES = ROOT / "services" / "demo" / "samples"
TODAY = date(2026, 12, 1)
DIGEST = "ab" * 32


def alert(*pairs: tuple[str, str]) -> ReadForm:
    """What an alert's form says."""
    return read_form(ALERT, [(f"content.{name}", text) for name, text in pairs])


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("headline", "  暴雨  ", "暴雨"),
        ("description", "一\r\n二\r\n", "一\n二"),
        ("report_no", "２", 2),
        ("report_no", " 12 ", 12),
        ("report_no", "两", "两"),
        ("report_no", "1.5", "1.5"),
        ("report_no", "9" * 40, "9" * 40),
        ("warning_level", "2", 2),
        ("effective", "2026-06-11T07:00", "2026-06-11T07:00:00+08:00"),
        ("effective", "2026-06-11T07:00:30.125", "2026-06-11T07:00:30.125+08:00"),
        ("effective", "2026年6月1日　7:05", "2026-06-01T07:05:00+08:00"),
        ("effective", "2026-06-11T07:00:00Z", "2026-06-11T07:00:00Z"),
        ("effective", "明天", "明天"),
        ("event_code", "１１Ｂ０３", "11B03"),
        ("event_name", "ＡＢ暴雨", "ＡＢ暴雨"),
    ],
)
def test_a_value_is_read_as_something_else(name: str, text: str, value: object) -> None:
    """Blanks at the ends go, digits of a Chinese keyboard are digits, a time of day is Beijing's."""
    read = alert((name, text))

    assert read.content[name] == value
    assert read.typed[f"content.{name}"] == (text,)


def test_a_truth_that_nobody_told_is_made_up() -> None:
    """A question without an answer stays open; a box that is not ticked says nothing."""
    shapes = shapes_of(CaseRegistered)
    read = read_form(shapes, [("content.screening.criminal", "false"), ("content.screening.in_court", "vielleicht")])

    assert read.content["screening"] == {"criminal": False, "in_court": "vielleicht"}
    assert "impact" not in alert(("impact.dead", "")).content
    assert alert(("impact.dead", "0"), ("impact.reviewed", "true")).content["impact"] == {"dead": 0, "reviewed": True}


def test_an_empty_field_travels_as_an_empty_text() -> None:
    """It is left out; a required group is there, so that each of its own fields is asked for."""
    faults = parse_new(AlertIssued.wire_type, alert(("headline", ""), ("duty_contact.phone", "")).content)

    assert isinstance(faults, tuple)
    assert {"content.duty_contact.phone", "content.headline"} <= {fault.field for fault in faults}


def test_a_list_of_lines_keeps_blank_ones() -> None:
    """One entry a line; ticked and written entries are one list."""
    shapes = shapes_of(PolicyBulletinPublished)
    read = read_form(shapes, [("content.topics", "入学\r\n\r\n 就医 \n")])
    both = alert(("areas.0.adcodes", "451226"), ("areas.0.adcodes", "450000，530000 451226"))

    assert read.content["topics"] == ["入学", "就医"]
    assert both.content["areas"] == [{"adcodes": ["451226", "450000", "530000"]}]


def rows(*names: str, act: str = "") -> Pairs:
    """Three milestones, named; and the button that was pressed."""
    pairs = [(f"content.milestones.{number}.name", name) for number, name in enumerate(names)]
    return pairs + ([("rows", act)] if act else [])


def names_of(read: ReadForm) -> list[object]:
    """The names of its milestones."""
    found = read.content.get("milestones", [])
    assert isinstance(found, list)
    return [one.get("name") for one in found if isinstance(one, dict)]


def test_a_row_that_is_removed_takes_another_with_it() -> None:
    """The others move up, in the content and on the page."""
    read = read_form(shapes_of(ProjectProposed), rows("一", "二", "三", act="remove:content.milestones.1"))

    assert names_of(read) == ["一", "三"]
    assert read.typed["content.milestones.1.name"] == ("三",)
    assert read.shown == "content.milestones"
    assert read.faults == ()


def test_a_row_is_added_where_nothing_was_written_yet() -> None:
    """What was typed stays, blank rows too: nothing is sent, the form is shown again."""
    shapes = shapes_of(ProjectProposed)
    read = read_form(shapes, rows("一", "", act="add:content.milestones"))
    again = make_form(shapes, read.typed, model="ProjectProposed")
    milestones = next(one for section in again.sections for one in section.fields if one.name == "content.milestones")

    assert names_of(read) == ["一", None, None]
    assert [row.number for row in milestones.rows] == [1, 2, 3]
    assert read.shown == "content.milestones"


def test_a_text_is_added_as_a_row() -> None:
    """A list whose entries are long texts has a row for each."""
    shapes = shapes_of(CaseAgreementDrafted)
    read = read_form(shapes, [("content.document.terms.0", "第一条"), ("rows", "add:content.document.terms")])

    assert read.content["document"] == {"parties": [], "mediators": [], "terms": ["第一条", ""]}
    assert read.typed["content.document.terms.1"] == ("",)


def test_a_blank_row_is_sent() -> None:
    """A row into which nobody wrote is dropped; the fewest that the type needs stay, to be filled in."""
    shapes = shapes_of(ProjectProposed)

    assert names_of(read_form(shapes, rows("", "二", ""))) == ["二"]
    assert names_of(read_form(shapes, rows(""))) == [None]


def test_a_list_grows_beyond_its_type() -> None:
    """The button that would add one more does nothing: the page does not show it either."""
    shapes = shapes_of(ProjectProposed)
    full = rows(*(str(number) for number in range(30)), act="add:content.milestones")
    form = make_form(shapes, read_form(shapes, full).typed)

    assert len(names_of(read_form(shapes, full))) == 30
    assert not next(
        one for section in form.sections for one in section.fields if one.name == "content.milestones"
    ).can_add


def test_a_row_chooses_a_known_file() -> None:
    """Name, type, size and digest come from the file; a name that was written stays."""
    shapes = shapes_of(PolicyBulletinPublished)
    files = (KnownFile("通知.pdf", "application/pdf", 1234, DIGEST),)
    at = "content.attachments"
    pairs = [(f"{at}.0.file", DIGEST), (f"{at}.1.file", DIGEST), (f"{at}.1.name", "另名.pdf"), (f"{at}.2.file", "")]
    read = read_form(shapes, pairs, files=files)

    whole = {"media_type": "application/pdf", "size": 1234, "sha256": DIGEST}
    assert read.content["attachments"] == [{"name": "通知.pdf", **whole}, {"name": "另名.pdf", **whole}]
    form = make_form(shapes, read.typed, files=files)
    assert read_form(shapes, pairs_of(form), files=files).content == read.content


def test_a_field_that_the_form_lacks_is_dropped_in_silence() -> None:
    """It is named; fields of the page outside the content are the page's own."""
    read = read_form(
        ALERT, [("agreement", "x"), ("content.faith", "y"), ("content.areas.x.desc", "z"), ("content", "w")]
    )

    assert [fault.field for fault in read.faults] == ["content.faith", "content.areas.x.desc", "content"]
    assert {fault.code for fault in read.faults} == {"form.unknown_field"}


@pytest.mark.parametrize(
    "pairs",
    [[("content.headline", "x")] * (PAIRS_MOST + 1), [("content.headline", "x" * (TEXT_MOST + 1))]],
    ids=["pairs", "characters"],
)
def test_a_form_without_end_is_read(pairs: Pairs) -> None:
    """It is refused as a whole."""
    assert [fault.code for fault in read_form(ALERT, pairs).faults] == ["form.too_large"]


def test_a_name_without_end_is_kept() -> None:
    """A name that no form has is not even compared."""
    assert (
        read_form(ALERT, [("content." + "a" * NAME_MOST, "x"), ("content." + "a." * 70, "x")]).content
        == alert().content
    )


def test_a_time_is_shown_in_another_zone_than_it_is_read() -> None:
    """Stored with any offset, shown and read in Beijing's."""
    typed = typed_of(
        ALERT, {"effective": "2026-06-10T23:00:00Z", "expires": "2026-06-11T08:00:01.500+08:00", "onset": "?"}
    )

    assert typed["content.effective"] == ("2026-06-11T07:00",)
    assert typed["content.expires"] == ("2026-06-11T08:00:01.500",)
    assert typed["content.onset"] == ("?",)


VALID = [
    (AlertIssued, json.loads((SAMPLES / "rainstorm_issued.json").read_text(encoding="utf-8"))["content"]),
    (CampaignAnnounced, joint.campaign()),
    (CampaignChanged, joint.campaign(3)),
    (CampaignAnswered, joint.answer()),
    (CampaignClosed, joint.closing()),
    (ResourceOffered, joint.offer()),
    (ResourceAnswered, joint.turn(1, "counter")),
    (ResourceWithdrawn, joint.withdrawal(c522722=2)),
    (ProjectProposed, joint.project()),
    (ProjectProgressed, joint.progress(1, (1, "done"))),
    (CaseRegistered, case_contents.registration(TODAY)),
    (CasePerformanceDue, case_contents.due(TODAY)),
    (
        CaseAgreementDrafted,
        {
            "form": "written",
            "document": case_contents.agreement(TODAY),
            "sha256": case_contents.digest_of(case_contents.agreement(TODAY)),
        },
    ),
]


@pytest.mark.parametrize(("model", "content"), VALID, ids=[model.__name__ for model, _ in VALID])
def test_what_offices_write_becomes_another_event(model: type[Event], content: dict[str, JsonValue]) -> None:
    """Contents as counties send them go through a form and come out as the same event, whose digests still fit."""
    shapes = shapes_of(model)
    read = read_form(shapes, pairs_of(make_form(shapes, typed_of(shapes, content), model=model.__name__)))
    event = parse_new(model.wire_type, read.content)

    assert not isinstance(event, tuple)
    assert event == parse_new(model.wire_type, content)
