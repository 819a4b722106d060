"""Who plays: six counties on the border of three provinces, one of them behind its own leaf."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Part:
    """One county of the play. Telephones are made up."""

    code: str
    office: str
    duty_phone: str
    behind_leaf: bool = False


CAST: Final = (
    Part("451221", "南丹县联络办", "0778-7210110"),
    Part("451222", "天峨县联络办", "0778-7820110", behind_leaf=True),
    Part("451226", "环江毛南族自治县联络办", "0778-8820110"),
    Part("522722", "荔波县联络办", "0854-3610110"),
    Part("522728", "罗甸县联络办", "0854-7610110"),
    Part("532628", "富宁县联络办", "0876-6120110"),
)

AGREEMENT_ID: Final = "dqg-border"
AGREEMENT_TITLE: Final = "滇黔桂毗邻县协作协议"
PEOPLE_ID: Final = "dqg-people"
PEOPLE_TITLE: Final = "黔桂三县服务与调解协议"
PEOPLE: Final = ("451221", "451226", "522722")
"""Who has agreed on what is about persons, too: mediation, referrals, requests. An agreement of its own, for few."""
AGREEMENT: Final = """\
id = "{id}"
version = 1
title = "{title}"
parties = [{parties}]
coordinators = ["{coordinator}"]
valid_from = {valid_from}
valid_until = {valid_until}
class_ceiling = "{class_ceiling}"
internal_in_clear = false
purposes = ["{purposes}"]
retention_days = 180

[[grants]]
types = [{types}]

[[deadlines]]
level = 1
stored_seconds = {stored_seconds}
acknowledged_minutes = 10

[[quotas]]
events_per_hour = {events_per_hour}
"""
