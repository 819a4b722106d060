"""Partners: whom to call, which keys count, what the agreement allows, and who has suspended it."""

import pytest

from schemas.agreements import Quota
from schemas.envelope import PayloadType
from schemas.key_changes import Suspension
from schemas.officers import Role
from schemas.registry import KeyUse
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
    trust = papers.trust(papers.in_force(quotas=(Quota(events_per_hour=600, bytes_per_hour=None),)))
    county = World(trust=trust)[papers.HUANJIANG]
    async with visiting(county, Role.DUTY) as browser:
        shown = await browser.get(f"/partners/agreements/{papers.AGREEMENT}")

    assert shown.has("其余各方，各自", "600", "不限")
