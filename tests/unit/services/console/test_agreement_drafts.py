"""起草 in the browser: a form becomes the document that all parties sign, and every fault stands at its field."""

import html
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.agreements import Agreement, Grant
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.officers import Role
from services.domain.documents import document_digest, open_payload, read_file
from tests import papers
from tests.console import Browser, visiting
from tests.papers import AGREEMENT, FUNING, HUANJIANG, LIBO, NANDAN
from tests.signing import carried
from tests.world import OFFICER, County, World


@pytest.fixture
async def county() -> AsyncIterator[County]:
    """A county whose officer is a liaison officer; it is alive behind every test."""
    county = World()[HUANJIANG]
    county.directory.credentials[OFFICER] = papers.credential(HUANJIANG, roles=(Role.LIAISON,))
    yield county
    assert county.crashes == []


@pytest.fixture
async def browser(county: County) -> AsyncIterator[Browser]:
    """The liaison officer's browser."""
    async with visiting(county, Role.LIAISON) as opened:
        yield opened


def draft(**changes: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - any field of the form
    """A form that is filled in."""
    given: dict[str, Any] = {
        "id": "hechi-qiannan",
        "version": "1",
        "title": "河池黔南边界信息互通协议",
        "parties": [LIBO, HUANJIANG],  # in no order: nobody needs to know that they are sorted
        "coordinators": [HUANJIANG],
        "valid_from": "2026-04-01T00:00",
        "valid_until": "2027-04-01T00:00",
        "class_ceiling": "internal",
        "internal_in_clear": "false",
        "purposes": ["emergency_warning"],
        "retention_days": "365",
        "grants.0": "row",
        "grants.0.types": [papers.ALERT, papers.POLICY],
        "content_max_bytes": "262144",
        "file_max_bytes": "67108864",
    }
    pairs = []
    for name, value in (given | changes).items():
        pairs += [(f"content.{name}", one) for one in ([value] if isinstance(value, str) else value)]
    return pairs


async def test_a_form_becomes_the_document_to_be_signed(county: County, browser: Browser) -> None:
    """The officer downloads what the key holder signs; nothing has changed by it."""
    before = county.trust_folder.read()
    shown = await browser.post("/partners/drafting", draft())
    file = await browser.post("/partners/document", {"document": carried(shown)})
    document = read_file(file.text.encode())
    assert isinstance(document, SignedDocument)
    agreement = open_payload(document, PayloadType.AGREEMENT, Agreement)
    assert isinstance(agreement, Agreement)
    assert (agreement.parties, agreement.internal_in_clear) == ((HUANJIANG, LIBO), False)
    assert agreement.grants == (Grant(types=(papers.ALERT, papers.POLICY)),)
    digest = document_digest(document)
    assert shown.has(" ".join(digest[at : at + 4] for at in range(0, 16, 4)), "可以签了", "sihu agreement sign")
    assert "hechi-qiannan-1.json" in file.headers["Content-Disposition"]
    assert "%E5%BE%85%E7%AD%BE" in file.headers["Content-Disposition"]
    assert file.headers["Content-Type"].startswith("application/json")
    assert county.trust_folder.read() == before
    assert await county.store.read(lambda one: one.console.audit(0, 1)) == []


async def test_the_form_of_a_new_agreement_offers_members_types_and_purposes(browser: Browser) -> None:
    """In Chinese, the types by the four mutuals; no county that is no member."""
    shown = await browser.get("/partners/drafting")
    assert shown.has("信息互通", "宣传互联", "发展互惠", "管理互协", "预警与应急", "荔波", "南丹", "密级上限")
    assert FUNING not in shown.text
    assert shown.text.count('name="content.grants.0.types"') > 50


async def test_the_next_version_begins_with_the_one_in_force(county: County, browser: Browser) -> None:
    """What stands in the page, sent as it is, is the next version: nothing of the old one is forgotten."""
    shown = await browser.get(f"/partners/drafting?from={AGREEMENT}")
    pairs = _pairs(shown.text)
    done = await browser.post("/partners/drafting", pairs)
    document = read_file(carried(done).encode())
    assert isinstance(document, SignedDocument)
    made = open_payload(document, PayloadType.AGREEMENT, Agreement)
    held = county.directory.trust().agreements[AGREEMENT].agreement
    assert isinstance(made, Agreement)
    assert made == held.model_copy(update={"version": 2, "valid_from": made.valid_from})
    assert (made.valid_from - papers.NOW).days >= 6
    assert done.has("有效期起", "没有多出来的许可", "没有减少的许可")
    assert (await browser.get("/partners/drafting?from=nobody")).status == 404


def _pairs(text: str) -> list[tuple[str, str]]:
    """What a browser would send of a page's form."""
    pairs = []
    for tag in re.findall(r"<input[^>]*>", text):
        name, value = re.search(r'name="(content[^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name is None or (re.search(r'type="(checkbox|radio)"', tag) and "checked" not in tag):
            continue
        pairs.append((name[1], html.unescape(value[1] if value else "")))
    for name, body in re.findall(r'<select[^>]*name="(content[^"]*)"[^>]*>(.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body)
        first = re.search(r'value="([^"]*)"', body)
        found = chosen or first
        pairs.append((name, html.unescape(found[1]) if found else ""))
    return pairs


@pytest.mark.parametrize(
    ("changes", "ident", "sentence"),
    [
        ({"parties": [HUANJIANG, FUNING]}, "f-content-parties", "富宁不在名册里"),
        ({"coordinators": [LIBO], "parties": [HUANJIANG, NANDAN]}, "f-content-coordinators", "荔波不是各方之一"),
        ({"valid_until": "2026-01-01T00:00"}, "f-content-valid_until", "截止要晚于起始"),
        ({"grants.0.types": []}, "f-content-grants-0-types", "至少 1 项"),
        ({"grants.0.sources": [NANDAN]}, "f-content-grants-0-sources", "南丹不是各方之一"),
        ({"id": "Hechi"}, "f-content-id", "写法不对"),
        ({"id": "control"}, "f-content-id", "系统保留"),
        ({"id": AGREEMENT}, "f-content-version", "已有第 1 版"),
        ({"retention_days": "7"}, "f-content-retention_days", "不能小于 30"),
        ({"internal_in_clear": ""}, "f-content-internal_in_clear", "要填"),
        ({"title": ""}, "f-content-title", "要填"),
        ({"quotas.0": "row", "quotas.0.events_per_hour": "很多"}, "f-content-quotas-0-events_per_hour", "整数"),
    ],
)
async def test_every_fault_stands_at_its_field_in_chinese(
    browser: Browser, changes: dict[str, Any], ident: str, sentence: str
) -> None:
    """And what was typed stands there still."""
    shown = await browser.post("/partners/drafting", draft(**changes))
    assert shown.status == 422
    assert f'href="#{ident}"' in shown.text
    assert shown.has(sentence, "河池黔南" if "title" not in changes else "hechi-qiannan")
    assert "可以签了" not in shown.text


async def test_rows_and_types_are_changed_without_script(browser: Browser) -> None:
    """A row more, the types of one row opened: what was written stays, nothing is judged yet."""
    more = await browser.post("/partners/drafting", [*draft(), ("rows", "add:content.grants")])
    opened = await browser.post("/partners/drafting", [*draft(), ("rows", "add:content.grants.0.types")])
    gone = await browser.post("/partners/drafting", [*draft(), ("rows", "remove:content.grants.0")])
    assert more.status == opened.status == gone.status == 200
    assert more.has('name="content.grants.1.types"', f'value="{papers.ALERT}\n{papers.POLICY}"')
    assert opened.text.count('name="content.grants.0.types"') > 50
    assert len(re.findall(r'name="content\.grants\.0\.types" value="[^"]*" checked', opened.text)) == 2
    assert 'name="content.grants.0.types"' not in gone.text
    assert "可以签了" not in more.text + opened.text + gone.text
    folded = [*draft(**{"grants.0.types": [f"{papers.ALERT}\r\n{papers.POLICY}"]})]
    assert "可以签了" in (await browser.post("/partners/drafting", folded)).text


async def test_what_is_typed_becomes_markup(browser: Browser) -> None:
    """A title is anybody's text."""
    shown = await browser.post("/partners/drafting", draft(title='"><script>x</script>'))
    assert "<script>x" not in shown.text
