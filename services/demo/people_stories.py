"""Stories about people on the move: figures for a neighbour, one person's case, a request that is handed on.

Nobody is meant: the person is a role, and what is said about it is erased at both counties before the story ends.
"""

from datetime import timedelta
from typing import Any, Final

from schemas.base import format_time
from services.demo.cast import PEOPLE_ID
from services.demo.sampling import sample
from services.demo.scene import HUANJIANG, LIBO, LUODIAN, NANDAN, Scene, Story, office

_DESK: Final = office(LIBO, "荔波县流动人口服务窗口")
_WINDOW: Final = office(HUANJIANG, "环江毛南族自治县政务服务中心综合窗口")
_HALL: Final = office(LIBO, "荔波县政务服务中心")
_FIRST: Final = office(HUANJIANG, "环江毛南族自治县公安局户政窗口")
_RIGHT: Final = office(NANDAN, "南丹县公安局户政窗口")
_FIELDS: Final = {"name": "申请人甲", "residence_adcode": HUANJIANG}


async def _flow(scene: Scene) -> str:
    content = sample("population_flow", begin=scene.begin).content
    sent = await scene.send(NANDAN, "information.population_flow_reported", content, [LUODIAN])
    await scene.arrived(LUODIAN, sent)
    detail = await scene.desks[LUODIAN].get(f"/events/{sent['envelope_id']}")
    hidden = sum(cell["state"] != "shown" for cell in detail["content"]["cells"])
    scene.tell(f"南丹向来源地罗甸通报季度人数与服务安排，{hidden} 格人数太少不显示 figures for the county of origin")
    return "received" if detail["direction"] == "in" else str(detail["direction"])


async def _referral(scene: Scene) -> str:
    sent = await scene.post(LIBO, "/referrals", {"agreement": PEOPLE_ID, "content": _offer(scene)})
    path = f"/referrals/{sent['id']}"
    scene.tell("荔波经本人单独同意，把一件事项转给环江窗口（加密，仅两县可读）offered with consent")
    await scene.stored(sent)
    there, here = scene.desks[HUANJIANG], scene.desks[LIBO]
    await there.until(path, bool)
    accepted = {"move": "accept", "content": {"handled_by_role": "窗口经办员"}}
    await scene.post(HUANJIANG, f"{path}/steps", accepted)
    await here.until(path, lambda found: found["state"] == "accepted")
    await scene.post(HUANJIANG, f"{path}/steps", {"move": "complete", "content": {"outcome": "provided"}})
    ended = [await there.until(path, lambda found: found["erased_here"])]
    ended.append(await here.until(path, lambda found: found["erased_here"] and found["erased_there"]))
    scene.tell("环江接办、办结；个人内容两县均已删除并互相确认 completed, erased at both")
    states = {str(one["state"]) for one in ended}
    return f"{' / '.join(sorted(states))}, erased at both"


def _offer(scene: Scene) -> dict[str, Any]:
    given_at, expires_at = (format_time(scene.begin + timedelta(days=days)) for days in (-1, 60))
    consent = {
        "id": "c0" * 16,
        "given_at": given_at,
        "means": "paper",
        "separate": True,
        "receiver": _WINDOW,
        "purpose": "cross_province_service",
        "field_names": list(_FIELDS),
        "notice_version": "演示-1",
        "withdraw_how": "any_desk",
        "evidence_sha256": "ab" * 32,
        "expires_at": expires_at,
    }
    named = {"purpose": "cross_province_service", "from_office": _DESK, "to_office": _WINDOW}
    return {**named, "consent": consent, "fields": _FIELDS}


async def _request(scene: Scene) -> str:
    content = {
        "mode": "collect",
        "item_code": "household-certificate",
        "item_name": "开具户籍类证明",
        "receiving_office": _HALL,
        "deciding_office": _FIRST,
        "materials": [{"kind": "application", "sha256": "0f" * 32}],
        "promised_days": 5,
    }
    sent = await scene.post(LIBO, "/services", {"agreement": PEOPLE_ID, "content": content})
    path = f"/services/{sent['id']}"
    scene.tell("荔波收件：开具户籍类证明，送环江 received at 荔波, for 环江 to decide")
    steps: tuple[tuple[str, str, dict[str, Any]], ...] = (
        (HUANJIANG, "receive", {}),
        (HUANJIANG, "transfer", {"to_office": _RIGHT, "reason": "registered_elsewhere"}),
        (NANDAN, "receive", {}),
        (NANDAN, "decide", {"decision": "granted", "reason": "conditions_met"}),
        (LIBO, "deliver", {"way": "desk"}),
        (LIBO, "close", {"outcome": "completed"}),
    )
    for number, (county, move, said) in enumerate(steps, 1):
        await scene.desks[county].until(path, lambda found, number=number: found["step_no"] == number)  # type: ignore[misc]
        await scene.post(county, f"{path}/steps", {"move": move, "content": said})
        if move == "transfer":
            scene.tell("环江受理后转办南丹：南丹受理前仍由环江负责 handed on; 环江 answers until 南丹 takes it")
    last = len(steps) + 1
    told = [
        await scene.desks[county].until(path, lambda found: found["step_no"] == last)
        for county in (LIBO, HUANJIANG, NANDAN)
    ]
    scene.tell("南丹准予，荔波送达、归档，三县所见一致 granted, delivered, closed")
    states = {f"{one['stage']}, {one['decision']} by {one['responsible']['adcode']}" for one in told}
    return " / ".join(sorted(states))


FLOW: Final = Story("population_flow", "人口服务通报", "received", _flow)
REFERRAL: Final = Story("referral", "服务对接", "completed, erased at both", _referral)
SERVICE: Final = Story("service", "跨省通办", f"closed, granted by {NANDAN}", _request)
