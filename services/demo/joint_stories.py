"""Stories of counties that do something together: a festival, an offer, a project, a drill."""

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.base import format_time
from services.demo.sampling import sample
from services.demo.scene import HUANJIANG, LIBO, LUODIAN, NANDAN, TIANE, Scene, Story, names, office

_GUESTS: Final = (NANDAN, TIANE, LIBO)
_REPLIES: Final = {NANDAN: "accepted", TIANE: "tentative", LIBO: "accepted"}
_WORDS: Final = {"accepted": "参加", "tentative": "暂定"}
_FLOOD_OFFICE: Final = office(TIANE, "天峨县防汛抗旱指挥部办公室")
_FERRY_OFFICE: Final = office(LUODIAN, "罗甸县应急管理局")


async def _campaign(scene: Scene) -> str:
    uid = f"{HUANJIANG}-fenlong-{scene.mark}@sihu"
    starts = scene.begin.replace(microsecond=0) + timedelta(days=30)
    roles = zip(_GUESTS, ("co_host", "support", "guest"), strict=True)
    plan = {
        "ics_uid": uid,
        "sequence": 0,
        "kind": "festival",
        "name": "毛南族分龙节联办",
        "starts": format_time(starts),
        "ends": format_time(starts + timedelta(hours=8)),
        "places": [{"desc": "下南乡文化广场", "adcode": HUANJIANG}],
        "lead_office": "环江毛南族自治县联络办",
        "attendance_band": "1000-4999",
        "partners": [{"county": county, "office": f"{names(county)}县联络办", "role": role} for county, role in roles],
        "contact_office": {"office": "环江毛南族自治县文化广电体育和旅游局"},
    }
    sent = await scene.send(HUANJIANG, "outreach.campaign_announced", plan, _GUESTS)
    scene.tell("环江邀请南丹、天峨、荔波同办分龙节 invited")
    await asyncio.gather(*(_answer(scene, county, sent, uid) for county in _GUESTS))
    found = await asyncio.gather(*(scene.desks[county].until(f"/campaigns/{uid}", _all_replied) for county in _GUESTS))
    told = "，".join(f"{names(county)}{_WORDS[reply]}" for county, reply in _REPLIES.items())
    scene.tell(f"三县答复：{told} three answers, seen by all")
    said = {tuple(sorted((one["county"], one["reply"]) for one in detail["answers"])) for detail in found}
    return "answered by three" if said == {tuple(sorted(_REPLIES.items()))} else str(sorted(said))


async def _answer(scene: Scene, county: str, sent: dict[str, Any], uid: str) -> None:
    await scene.arrived(county, sent)
    content = {"ics_uid": uid, "sequence": 0, "reply": _REPLIES[county], "office": "文化馆"}
    others = [one for one in (HUANJIANG, *_GUESTS) if one != county]
    await scene.send(county, "outreach.campaign_answered", content, others)


def _all_replied(found: dict[str, Any]) -> bool:
    return all(one["reply"] for one in found["answers"])


async def _offer(scene: Scene) -> str:
    offer_id = f"{HUANJIANG}-oranges-{scene.mark}"
    content = {
        "offer_id": offer_id,
        "kind": "supply",
        "title": "沙糖桔一百吨",
        "text": "十一月起可供，产地装车。",
        "quantity": 100,
        "unit": "吨",
        "valid_until": format_time(scene.begin + timedelta(days=60)),
        "contact_office": {"office": "环江毛南族自治县农业农村局"},
    }
    sent = await scene.send(HUANJIANG, "development.resource_offered", content, [LIBO])
    await scene.arrived(LIBO, sent)
    turn = {"offer_id": offer_id, "county": LIBO, "number": 1, "answer": "counter", "office": "商务局"}
    terms = {"quantity": 40, "terms": "月底前装车"}
    asked = await scene.send(LIBO, "development.resource_answered", turn | terms, [HUANJIANG])
    await scene.arrived(HUANJIANG, asked)
    accepted = turn | {"number": 2, "answer": "accept", "office": "农业农村局"}
    last = await scene.send(HUANJIANG, "development.resource_answered", accepted, [LIBO])
    await scene.arrived(LIBO, last)
    detail = await scene.desks[LIBO].get(f"/offers/{offer_id}")
    scene.tell("环江供沙糖桔，荔波要 40 吨、月底装车，环江接受 offered, countered, agreed")
    return f"{detail['negotiations'][0]['state']} on {detail['agreed_quantity']}"


async def _project(scene: Scene) -> str:
    project_id = f"{TIANE}-wharf-{scene.mark}"
    content = {
        "project_id": project_id,
        "title": "红水河库区便民码头",
        "goal": "两县群众过河不再绕行二十公里。",
        "lead_office": "天峨县交通运输局",
        "parties": [{"county": LUODIAN, "office": "罗甸县交通运输局", "task": "北岸引道"}],
        "milestones": [
            {"number": 1, "name": "选址", "due": _day(scene, 90), "county": TIANE},
            {"number": 2, "name": "北岸引道", "due": _day(scene, 240), "county": LUODIAN},
        ],
        "budget_band": "1m_to_10m",
        "contact_office": {"office": "天峨县交通运输局"},
    }
    sent = await scene.send(TIANE, "development.project_proposed", content, [LUODIAN])
    await scene.arrived(LUODIAN, sent)
    joined = {"project_id": project_id, "decision": "join", "office": "交通运输局"}
    answer = await scene.send(LUODIAN, "development.project_joined", joined, [TIANE])
    await scene.arrived(TIANE, answer)
    detail = await scene.desks[TIANE].get(f"/projects/{project_id}")
    scene.tell("天峨提议合建库区码头，罗甸参加 proposed, joined")
    return str(detail["parties"][0]["decision"])


async def _drill(scene: Scene) -> str:
    plan_id = secrets.token_hex(16)
    plan = {
        "plan_id": plan_id,
        "version": 1,
        "title": "红水河泄洪联动预案",
        "hazard": "reservoir",
        "areas": [TIANE, LUODIAN],
        "roles": [
            {"office": _FLOOD_OFFICE, "duty": "通报泄洪时间和流量"},
            {"office": _FERRY_OFFICE, "duty": "通知渡口停渡、船只进港"},
        ],
        "triggers": [{"when": "下泄流量超过三千立方米每秒", "begins": "即时电话通报并发布预警"}],
        "channels": ["bus", "telephone"],
        "review_by": _day(scene, 300),
    }
    await scene.send(TIANE, "governance.plan_published", plan, [LUODIAN])
    exercise = sample("reservoir_release", begin=scene.begin + timedelta(seconds=1)).content
    alert = await scene.send(TIANE, "information.alert_issued", exercise, [LUODIAN], status="exercise")
    scene.tell("天峨按联动预案向罗甸发演练预警 an exercise alert, marked as such")
    await scene.arrived(LUODIAN, alert)
    await scene.desks[LUODIAN].acknowledge(alert["envelope_id"], "received")
    detail = await scene.desks[TIANE].until(f"/events/{alert['envelope_id']}", _is_taken)
    record = await scene.send(TIANE, "governance.drill_held", _record(detail, plan_id), [LUODIAN])
    await scene.arrived(LUODIAN, record)
    (step,) = (await scene.desks[LUODIAN].get(f"/events/{record['envelope_id']}"))["content"]["steps"]
    scene.tell("罗甸值班员签收，演练记录由签名回执生成 the record is made of the signed answer")
    return "held, taken in time" if step["done_at"] <= step["due"] else "held, taken late"


def _is_taken(found: dict[str, Any]) -> bool:
    return all(one["acknowledged_at"] for one in found["deliveries"])


def _record(alert: dict[str, Any], plan_id: str) -> dict[str, Any]:
    began, due = (alert["header"][name] for name in ("time", "acknowledge_by"))
    (delivery,) = alert["deliveries"]
    done_at = delivery["acknowledged_at"]
    step = {"what": "签收演练预警", "office": _FERRY_OFFICE, "due": due, "done_at": done_at}
    ends = max(due, done_at, key=datetime.fromisoformat)
    times = {"started_at": began, "ended_at": ends, "alerts": [alert["envelope_id"]]}
    return {"plan_id": plan_id, "plan_version": 1, **times, "steps": [step]}


def _day(scene: Scene, days: int) -> str:
    return f"{scene.begin + timedelta(days=days):%Y-%m-%d}"


CAMPAIGN: Final = Story("campaign", "联合活动", "answered by three", _campaign)
OFFER: Final = Story("offer", "资源供给", "agreed on 40", _offer)
PROJECT: Final = Story("project", "合作项目", "join", _project)
DRILL: Final = Story("drill", "联合演练", "held, taken in time", _drill)
