"""Partners: whom to call, which keys count, what the agreement allows, and who has suspended it."""

import hashlib
import html

import pytest

from schemas.agreements import Contact, Quota
from schemas.envelope import PayloadType
from schemas.key_changes import Suspension
from schemas.officers import Role
from schemas.registry import KeyUse
from services.domain.documents import document_digest, read_file
from services.domain.encoding import from_base64url
from services.domain.evidence_writing import TrustPapers
from services.domain.key_changes import with_changes
from tests import papers
from tests.console import visiting
from tests.world import World, alert_draft, full_trust


@pytest.fixture
def world() -> World:
    return World()


async def test_members_are_listed_with_whom_to_call(world: World) -> None:
    """When the wire is silent, the telephone number is what the page is opened for."""
    async with visiting(world[papers.HUANJIANG], Role.DUTY) as browser:
        shown = await browser.get("/partners")

    assert shown.has("荔波", "南丹", "值班电话", "无声", "本县", f"/partners/agreements/{papers.AGREEMENT}")


async def test_one_partner_shows_keys_link_and_what_it_owes(world: World) -> None:
    """A sender must see at one place what a neighbour has not stored, not taken, not done."""
    posted = await world[papers.LIBO].send(alert_draft())
    await world.carry()
    async with visiting(world[papers.LIBO], Role.LIAISON) as browser:
        shown = await browser.get(f"/partners/{papers.HUANJIANG}")
        own = await browser.get(f"/partners/{papers.LIBO}")
        stranger = await browser.get("/partners/110101")
    async with visiting(world[papers.LIBO], Role.ADMINISTRATOR) as browser:
        kept_out = await browser.get(f"/partners/{papers.HUANJIANG}")

    assert shown.has("对方欠我们的", f"/events/{posted.envelope_id}", "未签收", "事件签名", "回执签名")
    assert own.has("本县", "钥匙")
    assert "对方欠我们的" not in own.text
    assert stranger.status == 404
    assert posted.envelope_id not in kept_out.text


async def test_an_agreement_says_what_it_permits_and_how_it_is_changed(world: World) -> None:
    """The console holds no governance key: it must say where the agreement is signed, and by which one command."""
    async with visiting(world[papers.HUANJIANG], Role.LIAISON) as browser:
        shown = await browser.get(f"/partners/agreements/{papers.AGREEMENT}")
        unknown = await browser.get("/partners/agreements/nobody")

    assert shown.has(
        "谁可以给谁发什么", "45 秒内", "5 分钟内", "预警与应急", "荔波县应急值班室", "治理钥匙", "sihu agreement sign"
    )
    assert [one for one in shown.forms if one != "/logout"] == []
    assert unknown.status == 404


async def test_an_agreement_is_shown_as_it_was_signed(world: World) -> None:
    """Two counties disagree on what was agreed: terms in Chinese are one node's reading, the bytes are the proof."""
    kept = world[papers.HUANJIANG].directory.papers().agreements
    document = next(one for name, one in kept.items() if name.startswith(f"{papers.AGREEMENT}@"))
    text = from_base64url(document.payload) or b""
    address = f"/partners/agreements/{papers.AGREEMENT}"
    async with visiting(world[papers.HUANJIANG], Role.ADMINISTRATOR) as browser:
        shown = await browser.get(address)
        file = await browser.get(f"{address}/document")
        unknown = await browser.get("/partners/agreements/nobody/document")

    assert html.unescape(shown.text).count(text.decode()) == 1
    plain = shown.text.replace(" ", "")
    assert hashlib.sha256(text).hexdigest() in plain
    assert document_digest(document) in plain
    assert shown.text.count(">有效</span>") == 1 + len(document.signatures)
    assert shown.has(f'href="{address}/document"', "data-print", f"{len(text)} 字节")
    assert read_file(file.text.encode()) == document
    assert unknown.status == 404


async def test_a_text_too_long_for_a_page_is_still_there_to_download() -> None:
    """A page that grows with the agreement opens on no telephone; one that cuts it shows another agreement."""
    contacts = tuple(
        Contact(county=papers.HUANJIANG, office=f"第{number}值班室", duty_phone="0778-8220000") for number in range(300)
    )
    made = papers.in_force(contacts=contacts)
    county = World(trust=papers.trust(made))[papers.HUANJIANG]
    document = papers.signed_agreement(contacts=contacts)
    county.directory.shelf = TrustPapers((papers.signed_registry(),), {made.reference: document})
    address = f"/partners/agreements/{papers.AGREEMENT}"
    async with visiting(county, Role.DUTY) as browser:
        shown = await browser.get(address)
        file = await browser.get(f"{address}/document")

    assert shown.has("原文较长", "第299值班室")
    assert len(shown.text.encode()) < 100_000
    assert read_file(file.text.encode()) == document


async def test_a_suspension_is_told_with_its_reason(world: World) -> None:
    """Whoever sends under a suspended agreement must learn here why nothing goes out."""
    county = world[papers.HUANJIANG]
    suspension = Suspension(
        county=papers.LIBO,
        agreement_id=papers.AGREEMENT,
        version=1,
        ends=(),
        reason="机构调整<b>",
        issued_at=county.clock.now(),
    )
    signer = papers.signer(papers.LIBO, KeyUse.GOVERNANCE)
    document = papers.signed(PayloadType.SUSPENSION, suspension, [signer])
    county.directory.trusted, faults = with_changes(full_trust(), [document])
    assert not faults
    async with visiting(county, Role.AUDITOR) as browser:
        shown = await browser.get(f"/partners/agreements/{papers.AGREEMENT}")
        listed = await browser.get("/partners")

    assert shown.has("中止本协议", "机构调整&lt;b&gt;", "有一方中止")
    assert listed.has("有一方中止")


async def test_quotas_are_shown() -> None:
    """A refusal over a quota must be explained by what was agreed."""
    quotas = (Quota(events_per_hour=600, bytes_per_hour=None),)
    made = papers.in_force(quotas=quotas)
    county = World(trust=papers.trust(made))[papers.HUANJIANG]
    document = papers.signed_agreement(quotas=quotas)
    county.directory.shelf = TrustPapers((papers.signed_registry(),), {made.reference: document})
    async with visiting(county, Role.DUTY) as browser:
        shown = await browser.get(f"/partners/agreements/{papers.AGREEMENT}")

    assert shown.has("其余各方，各自", "600", "不限")
