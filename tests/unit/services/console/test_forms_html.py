"""The HTML of every form: everything has a label, every id is there once, nothing runs, nothing is styled in place."""

import pytest
from lxml import html

from schemas.base import Event
from schemas.catalogue import parse_new
from services.domain.form_fields import shapes_of
from services.domain.form_making import make_form
from services.domain.form_reading import KnownFile, read_form
from tests.forms import COMPOSED, environment, page_of

BY_TYPE = pytest.mark.parametrize("model", COMPOSED, ids=lambda model: model.wire_type)
PAGE_MOST = 100 * 1024


def refused(model: type[Event]) -> html.HtmlElement:
    """The form of a type after it was sent empty."""
    shapes = shapes_of(model)
    read = read_form(shapes, [])
    faults = parse_new(model.wire_type, read.content)
    assert isinstance(faults, tuple)
    form = make_form(shapes, None, faults, model=model.__name__)
    return html.document_fromstring(page_of(form))


@BY_TYPE
def test_an_input_has_no_label(model: type[Event]) -> None:
    """Each that is seen is named by a label of its own; each group by its legend."""
    root = refused(model)
    labelled = {one.get("for") for one in root.iter("label")}
    seen = [one for one in root.iter("input", "select", "textarea") if one.get("type") != "hidden"]

    assert seen
    assert [one.get("name") for one in seen if one.get("id") not in labelled] == []
    assert [one.get("id") for one in root.iter("fieldset") if one[0].tag != "legend"] == []
    assert labelled <= {one.get("id") for one in seen}


@BY_TYPE
def test_an_id_leads_nowhere(model: type[Event]) -> None:
    """Ids are there once; what describes a field and what the summary names exists."""
    root = refused(model)
    ids = [one.get("id") for one in root.iter() if isinstance(one.tag, str) and one.get("id")]
    described = {
        name for one in root.iter() if isinstance(one.tag, str) for name in (one.get("aria-describedby") or "").split()
    }
    linked = {one.get("href").removeprefix("#") for one in root.xpath("//div[@id='problems']//a")}

    assert len(set(ids)) == len(ids)
    assert described <= set(ids)
    assert linked
    assert linked <= set(ids)


@BY_TYPE
def test_a_wrong_field_looks_like_the_others(model: type[Event]) -> None:
    """It says so to whoever cannot see it, and its sentence speaks up."""
    root = refused(model)
    wrong = root.xpath("//*[@aria-invalid='true']")

    assert root.xpath("//*[@role='alert']")
    assert all((one.get("aria-describedby") or "").split()[0] == f"{one.get('id')}-error" for one in wrong)


@BY_TYPE
def test_a_form_needs_script_or_brings_style(model: type[Event]) -> None:
    """No handler, no style, no script: the page's policy forbids them, and every button is one of the form."""
    root = refused(model)

    assert root.xpath("//script | //style | //@style | //@*[starts-with(name(), 'on')]") == []
    assert all(one.get("type") in {"submit", None} for one in root.iter("button"))
    assert root.iter("button").__next__().get("name") == "go"


@BY_TYPE
def test_a_form_is_too_large_for_a_slow_line(model: type[Event]) -> None:
    """An empty form stays well under what a page may have."""
    assert len(page_of(make_form(shapes_of(model), model=model.__name__)).encode()) < PAGE_MOST


def test_a_button_adds_a_row_elsewhere() -> None:
    """It names its list, comes back at it, and asks for nothing to be valid first."""
    model = next(one for one in COMPOSED if one.__name__ == "ProjectProposed")
    root = html.document_fromstring(page_of(make_form(shapes_of(model))))
    add = root.xpath("//button[@value='add:content.milestones']")[0]
    remove = root.xpath("//button[@value='remove:content.milestones.0']")[0]

    assert {one.get("name") for one in (add, remove)} == {"rows"}
    assert {one.get("formaction") for one in (add, remove)} == {"/compose#f-content-milestones"}
    assert all(one.get("formnovalidate") is not None for one in (add, remove))
    assert "协议" not in add.text_content()


def test_a_text_is_taken_for_markup() -> None:
    """What people typed is shown as they typed it."""
    shapes = shapes_of(COMPOSED[0])
    said = "\n<b>&amp;\"'</b></textarea><script>"
    page = page_of(make_form(shapes, {"content.description": (said,), "content.headline": (said,)}))
    root = html.document_fromstring(page)

    assert root.xpath("//script | //b") == []
    assert root.xpath("//input[@name='content.headline']/@value")[0].strip() == said.strip()
    assert root.xpath("//textarea[@name='content.description']")[0].text.removeprefix("\n") == said


def test_a_file_cannot_be_chosen() -> None:
    """A list of files offers those that are known, and an upload has a field of its own."""
    model = next(one for one in COMPOSED if one.__name__ == "MaterialShared")
    file = KnownFile("海报.png", "image/png", 10, "ab" * 32)
    root = html.document_fromstring(page_of(make_form(shapes_of(model), files=(file,))))
    upload = environment().from_string(
        '{% import "forms.html" as forms %}'
        '{{ forms.file_input("file", "文件", "最大 64 MiB", ("要选一个文件。",), true) }}'
    )

    assert [one.text for one in root.xpath("//select[@name='content.attachments.0.file']/option")] == [
        "请选择",
        "海报.png",
    ]
    field = html.fragment_fromstring(upload.render())
    assert field.xpath(".//input/@type") == ["file"]
    assert field.xpath(".//input/@aria-describedby") == ["f-file-error f-file-help"]
