"""起草、合签、启用、中止 in the browser: what is written, uploaded and pressed, and what nobody gets in by it."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from schemas.agreements import Grant
from schemas.documents import SignedDocument
from schemas.envelope import PayloadType
from schemas.key_changes import Suspension
from schemas.officers import Role
from schemas.registry import KeyUse
from services.console.pages.agreements import UPLOAD_MAX_BYTES
from services.console.uploads import PARTS_MAX
from services.domain.documents import document_digest, read_file
from services.domain.encoding import to_base64url
from tests import papers
from tests.console import Browser, visiting
from tests.papers import AGREEMENT, COUNTIES, FUNING, HUANJIANG, LIBO, NANDAN
from tests.signing import carried, group, signing, suspending, version
from tests.world import OFFICER, County, World

_CARRIED: Final = re.compile(r'name="document" value="([^"]*)"')
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


async def acts(county: County) -> list[tuple[str, str]]:
    found = await county.store.read(lambda one: one.console.audit(0, 100))
    return [(one.act, one.about) for one in found]


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
    more = await signing(browser, *[b"{}"] * PARTS_MAX)
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
            (await browser.post("/partners/drafting")).status,
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
