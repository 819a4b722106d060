"""起草、合签、启用、中止 in the browser: what is written, uploaded and pressed, and what nobody gets in by it."""

import html
import json
import re
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

import aiohttp
import pytest

from schemas.agreements import Agreement, Grant
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.key_changes import Suspension
from schemas.officers import Role
from schemas.registry import KeyUse
from services.console.pages.agreements import UPLOAD_MAX_BYTES
from services.domain.documents import document_digest, open_payload, read_file
from services.domain.encoding import to_base64url
from tests import papers
from tests.console import Browser, Shown, visiting
from tests.papers import AGREEMENT, COUNTIES, FUNING, HUANJIANG, LIBO, NANDAN
from tests.world import OFFICER, County, World

_CARRIED: Final = re.compile(r'name="document" value="([^"]*)"')
_FIELD: Final = re.compile(r'<(?:input|textarea|select)[^>]*name="(content[^"]*)"')
ADOPTED: Final = f"/partners/agreements/{AGREEMENT}"


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


def version(number: int, *by: str, **changes: Any) -> SignedDocument:  # noqa: ANN401 - any field
    return papers.signed_agreement(by=by or COUNTIES, version=number, **changes)


def group(document: SignedDocument) -> str:
    return document_digest(document)[:4]


async def upload(browser: Browser, path: str, name: str, files: Iterable[SignedDocument | bytes]) -> Shown:
    """Send files of one field, as a browser does without script."""
    form = aiohttp.FormData({"csrf": browser.csrf}, default_to_multipart=True)
    for number, one in enumerate(files, 1):
        data = one if isinstance(one, bytes) else one.model_dump_json(indent=1).encode()
        form.add_field(name, data, filename=f"copy-{number}.json", content_type="application/json")
    return await browser.ask("POST", path, data=form())


async def signing(browser: Browser, *files: SignedDocument | bytes) -> Shown:
    return await upload(browser, "/partners/signing", "copies", files)


async def suspending(browser: Browser, *files: SignedDocument | bytes, agreement: str = AGREEMENT) -> Shown:
    return await upload(browser, f"/partners/suspending/{agreement}", "suspension", files)


def carried(shown: Shown) -> str:
    """The document that a page has put into its form."""
    found = _CARRIED.search(shown.text)
    assert found, shown.text
    return html.unescape(found[1])


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


async def acts(county: County) -> list[tuple[str, str]]:
    found = await county.store.read(lambda one: one.console.audit(0, 100))
    return [(one.act, one.about) for one in found]


# -- drafting ----------------------------------------------------------------------------------------------------------


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
    assert await acts(county) == []


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


# -- signing and adopting ----------------------------------------------------------------------------------------------


async def test_copies_are_put_together_shown_and_handed_out(county: County, browser: Browser) -> None:
    """Who has signed and who has not; the file that is downloaded can be uploaded again with what comes later."""
    before = county.trust_folder.read()
    first = await signing(browser, version(2, LIBO), version(2, NANDAN))
    assert first.has("还不能启用", "环江还没有签", "✓ 已签，成立")
    assert "/partners/adoption" in first.forms
    assert 'name="digest"' not in first.text
    file = await browser.post("/partners/document", {"document": carried(first)})
    second = await signing(browser, file.text.encode(), version(2, HUANJIANG))
    assert second.has("各方签齐，可以启用", 'name="digest"')
    assert read_file(carried(second).encode()) == read_file(carried(await signing(browser, version(2))).encode())
    assert county.trust_folder.read() == before


async def test_what_was_heard_puts_it_in_force(county: County, browser: Browser) -> None:
    """At once, and with a line in the audit log that names the text by its digest."""
    shown = await signing(browser, version(2))
    done = await browser.post("/partners/adoption", {"document": carried(shown), "digest": group(version(2))})
    assert (done.status, done.location) == (303, ADOPTED)
    page = await browser.get(ADOPTED)
    assert page.has("第 2 版", "协议已启用")
    assert await acts(county) == [("agreement.adopted", f"{AGREEMENT}@2")]
    async with visiting(county, Role.AUDITOR, officer="audit-a") as other:
        assert (await other.get("/audit/log")).has("启用协作协议", f"{AGREEMENT}@2", document_digest(version(2)))


async def test_another_digest_puts_nothing_in_force(county: County, browser: Browser) -> None:
    """What was exchanged on its way is noticed here, and only here; the page stays as it was."""
    document, before = version(2), county.trust_folder.read()
    wrong = "0000" if group(document) != "0000" else "1111"
    text = carried(await signing(browser, document))
    refused = await browser.post("/partners/adoption", {"document": text, "digest": wrong})
    missing = await browser.post("/partners/adoption", {"document": text, "digest": ""})
    assert (refused.status, missing.status) == (422, 422)
    assert refused.has("没有启用", "摘要对不上", "agreement.digest_differs", f'value="{wrong}"')
    assert missing.has("摘要第一组", "agreement.not_heard")
    assert county.trust_folder.read() == before
    assert await acts(county) == []


async def test_differences_are_told_before_anything_counts(browser: Browser) -> None:
    """What will go out that did not, by its Chinese name."""
    narrow = version(2, grants=(Grant(types=(papers.WORK,)),), internal_in_clear=False, quotas=())
    shown = await signing(browser, narrow)
    assert shown.has("与现行第 1 版的不同", "将没有了的许可", "没有多出来的许可", "内部内容可以不加密", "收紧")
    new = await signing(browser, version(1, id="another", title="新协议"))
    assert new.has("这是新协议", "将多出来的许可")


def _spoilt(document: SignedDocument) -> SignedDocument:
    wrong = tuple(one.model_copy(update={"sig": to_base64url(b"\5" * 64)}) for one in document.signatures)
    return document.model_copy(update={"signatures": wrong})


async def test_signatures_that_do_not_hold_are_named(browser: Browser) -> None:
    """A forged one, a stranger's: neither counts, and a good one beside it still does."""
    forged = await signing(browser, _spoilt(version(2, LIBO)), version(2, NANDAN, FUNING))
    both = await signing(browser, _spoilt(version(2)), version(2))
    assert forged.has("这些签名不算数", "签名与内容不符", "名册里没有这把治理钥匙", "还不能启用")
    assert both.has("各方签齐，可以启用")
    assert "这些签名不算数" not in both.text


@pytest.mark.parametrize(
    ("files", "sentences"),
    [
        ([], ("至少一份",)),
        ([b""], ("这不是四互的签名文件", "copy-1.json")),
        ([b"{"], ("这不是四互的签名文件",)),
        ([bytes(range(256)) * 20], ("这不是四互的签名文件",)),
        ([b'{"payload_type":"x","payload":"y"}'], ("这不是四互的签名文件",)),
        ([b"[" * 5000], ("这不是四互的签名文件",)),
        ([version(2), b"PK\x03\x04"], ("copy-2.json", "这不是四互的签名文件")),
        ([version(2), version(3)], ("不是同一份文件的副本", "copy-1.json", "copy-2.json", "摘要")),
        ([papers.signed_registry()], ("文件类型不对",)),
    ],
)
async def test_what_is_no_agreement_gets_a_sentence(
    county: County, browser: Browser, files: list[SignedDocument | bytes], sentences: tuple[str, ...]
) -> None:
    """An officer picks the wrong file in a folder of many: the page says which, and what to do."""
    before = county.trust_folder.read()
    shown = await signing(browser, *files)
    assert shown.status == 422
    assert shown.has("没有合，请改好再交", *sentences)
    assert county.trust_folder.read() == before


async def test_more_than_the_page_takes_is_refused(browser: Browser) -> None:
    """Bounded in bytes, in files, and in what a form carries."""
    large = await signing(browser, b" " * (UPLOAD_MAX_BYTES + 1))
    many = await signing(browser, *[version(2, LIBO)] * 33)
    more = await signing(browser, *[version(2, LIBO)] * 60)
    assert large.has("文件太大")
    assert many.status == 422
    assert more.has("文件太多")


@pytest.mark.parametrize("document", ["", "{}", "<script>", json.dumps({"payload_type": "a"}), "x" * 1000])
@pytest.mark.parametrize("path", ["/partners/adoption", "/partners/document"])
async def test_a_document_that_was_changed_in_the_page_is_no_way_in(
    county: County, browser: Browser, path: str, document: str
) -> None:
    """What the form carries is anybody's: it is judged anew."""
    before = county.trust_folder.read()
    shown = await browser.post(path, {"document": document, "digest": "0000"})
    assert 400 <= shown.status < 500
    assert "<script>" not in shown.text.replace("<script src", "")
    assert county.trust_folder.read() == before


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (version(2, LIBO, NANDAN), "还没有签"),
        (version(1, title="另一份"), "另一份文本"),
        (version(2, *COUNTIES, FUNING, parties=(*COUNTIES, FUNING)), "不在名册里"),
        (version(2, LIBO, NANDAN, parties=(NANDAN, LIBO), coordinators=(LIBO,)), "不是这份协议的一方"),
        (_spoilt(version(2)), "还没有签"),
    ],
)
async def test_posting_past_the_page_adopts_nothing(
    county: County, browser: Browser, document: SignedDocument, sentence: str
) -> None:
    """The button is not there; who sends the form all the same is told by the rule, in Chinese."""
    before = county.trust_folder.read()
    body = {"document": document.model_dump_json(), "digest": group(document)}
    shown = await browser.post("/partners/adoption", body)
    assert 400 <= shown.status < 500
    assert sentence in shown.text
    assert county.trust_folder.read() == before
    assert await acts(county) == []


async def test_an_older_version_does_not_come_back(county: County, browser: Browser) -> None:
    """Last year's file, signed by everybody."""
    await browser.post("/partners/adoption", {"document": version(3).model_dump_json(), "digest": group(version(3))})
    before = county.trust_folder.read()
    shown = await signing(browser, version(2))
    pressed = await browser.post("/partners/adoption", {"document": carried(shown), "digest": group(version(2))})
    assert shown.has("还不能启用", "已有第 3 版")
    assert pressed.status == 422
    assert county.trust_folder.read() == before


async def test_a_session_whose_officer_is_no_liaison_officer_any_more_adopts_nothing(county: County) -> None:
    """The rule is below the page: the credential in force decides, not what the session once was."""
    county.directory.credentials[OFFICER] = papers.credential(HUANJIANG, roles=(Role.ADMINISTRATOR,))
    before = county.trust_folder.read()
    async with visiting(county, Role.LIAISON) as browser:
        body = {"document": version(2).model_dump_json(), "digest": group(version(2))}
        shown = await browser.post("/partners/adoption", body)
        stepped = await suspending(browser, suspension())
    assert shown.has("由联络员办理")
    assert stepped.has("由联络员办理")
    assert county.trust_folder.read() == before


# -- suspending --------------------------------------------------------------------------------------------------------


def suspension(county: str = LIBO, *, by: str = "", **changes: Any) -> SignedDocument:  # noqa: ANN401 - any field
    given: dict[str, Any] = {"county": county, "agreement_id": AGREEMENT, "version": 1, "ends": ()}
    said = Suspension(**(given | {"reason": "核查", "issued_at": papers.NOW} | changes))
    return papers.signed(PayloadType.SUSPENSION, said, [papers.signer(by or county, KeyUse.GOVERNANCE)])


async def test_a_suspension_counts_as_soon_as_it_is_uploaded(county: County, browser: Browser) -> None:
    """The page says what it does and how it is made; the file is all it takes."""
    page = await browser.get(f"/partners/suspending/{AGREEMENT}")
    assert page.has("不能撤回", f"sihu agreement suspend {AGREEMENT} --reason", "立即生效")
    done = await suspending(browser, suspension())
    assert (done.status, done.location) == (303, ADOPTED)
    assert (await browser.get(ADOPTED)).has("中止已生效", "有一方中止", "核查")
    assert [one.suspension.county for one in county.directory.trust().suspended] == [LIBO]
    assert await acts(county) == [("agreement.suspended", f"{AGREEMENT}@1")]


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([], "要填"),
        ([b"rubbish"], "这不是四互的签名文件"),
        ([suspension(by=NANDAN)], "还没有签，或它的签名不成立"),
        ([suspension(FUNING)], "名册之外"),
        ([suspension(agreement_id="work-only")], "另一份协议的中止"),
        ([version(2)], "文件类型不对"),
    ],
)
async def test_nothing_else_suspends(
    county: County, browser: Browser, files: list[SignedDocument | bytes], sentence: str
) -> None:
    """Each with what to do."""
    before = county.trust_folder.read()
    shown = await suspending(browser, *files)
    assert 400 <= shown.status < 500
    assert shown.has("没有生效", sentence)
    assert county.trust_folder.read() == before
    assert await acts(county) == []


# -- who may -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.LIAISON}))
async def test_others_read_and_change_nothing(county: County, role: Role) -> None:
    """The auditor and the duty officer see what is agreed and how it is ended; no form is shown to them."""
    before = county.trust_folder.read()
    async with visiting(county, role) as browser:
        page, how = await browser.get(ADOPTED), await browser.get(f"/partners/suspending/{AGREEMENT}")
        forms = [one for one in (*page.forms, *how.forms) if not one.startswith("/logout")]
        refused = [
            (await browser.get("/partners/drafting")).status,
            (await browser.get("/partners/signing")).status,
            (await browser.post("/partners/drafting", draft())).status,
            (await signing(browser, version(2))).status,
            (await browser.post("/partners/document", {"document": version(2).model_dump_json()})).status,
            (
                await browser.post(
                    "/partners/adoption", {"document": version(2).model_dump_json(), "digest": group(version(2))}
                )
            ).status,
            (await suspending(browser, suspension())).status,
        ]
        listed = await browser.get("/partners")
    assert (page.status, how.status, forms) == (200, 200, [])
    assert how.has("由联络员办")
    assert refused == [403] * 7
    assert "/partners/drafting" not in listed.text + page.text
    assert county.trust_folder.read() == before


async def test_a_version_that_has_not_begun_is_told_as_such(county: County, browser: Browser) -> None:
    """Adopted a week ahead it must not look as if nothing could be sent: until then the old one counts."""
    later = version(2, valid_from=papers.later(days=7))
    await browser.post("/partners/adoption", {"document": later.model_dump_json(), "digest": group(later)})
    assert (await browser.get(ADOPTED)).has("2026-03-11 08:00:00 起生效，此前按旧版")
    held = county.directory.trust().agreement_at(AGREEMENT, county.clock.now())
    assert held is not None
    assert held.agreement.version == 1
