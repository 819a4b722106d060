"""What the benchmark sends: events of 1 KiB content that know their number, as a county's own system posts them."""

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from schemas.base import format_time

AGREEMENT_ID: Final = "bench"
BULLETIN_TYPE: Final = "cn.sihu.information.work_bulletin_published.v1"
ALERT_TYPE: Final = "cn.sihu.information.alert_issued.v1"
CONTENT_BYTES: Final = 1024
_NUMBER: Final = "@@@@@@@@"
_SENTENCE: Final = "两县联络办商定汛期每日通报河道水位和道路通行情况，遇险情先电话后文书。"


def draft_of(number: int) -> bytes:
    """Return the body of ``POST /api/v1/events`` of the event with this number (below 26 to the 8)."""
    return _template().replace(_NUMBER.encode(), _letters(number).encode(), 1)


def alert_draft(now: datetime, **changes: Any) -> bytes:  # noqa: ANN401  JSON values
    """Return the body of a red alert, or of one with other content: it travels in the urgent lane."""
    content: dict[str, Any] = {
        "alert_id": f"45122641600000_{now.astimezone(UTC):%Y%m%d%H%M%S}_1",
        "report_stage": "first",
        "report_no": 1,
        "class": "natural",
        "event_code": "11B03",
        "event_name": "暴雨",
        "warning_level": 1,
        "urgency": "immediate",
        "severity": "extreme",
        "certainty": "observed",
        "effective": format_time(now),
        "expires": format_time(now + timedelta(hours=6)),
        "headline": "环江县气象台发布暴雨红色预警",
        "description": "大环江上游三小时降雨量已超过一百毫米，下游水位将明显上涨。",
        "areas": [{"desc": "环江县大环江流域", "adcodes": ["451226"]}],
        "duty_contact": {"office": "环江县应急值班室", "phone": "0778-8821110"},
        "approved_by_role": "值班领导",
        "approved_at": format_time(now),
    }
    return _json({"type": ALERT_TYPE, "agreement": AGREEMENT_ID, "content": content | changes})


@lru_cache(maxsize=1)
def _template() -> bytes:
    content: dict[str, Any] = {
        "period": {"starts_on": "2026-03-01", "ends_on": "2026-03-07"},
        "kind": "brief",
        "title": f"边界联防一周动态 第{_NUMBER}期",
        "body": "",
        "topics": ["汛期联防", "道路通行"],
    }
    room = CONTENT_BYTES - len(_json(content))
    sentence = _SENTENCE.encode()
    content["body"] = _SENTENCE * (room // len(sentence)) + "。" * (room % len(sentence) // 3) + "!" * (room % 3)
    return _json({"type": BULLETIN_TYPE, "agreement": AGREEMENT_ID, "content": content})


def _letters(number: int) -> str:
    # Letters, for a run of digits could be taken for somebody's telephone number, which the guard refuses.
    text = ""
    for _ in range(len(_NUMBER)):
        number, rest = divmod(number, 26)
        text = chr(ord("a") + rest) + text
    return text


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
