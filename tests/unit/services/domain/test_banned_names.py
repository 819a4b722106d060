"""Names that no field may have, and harmless names that look like them."""

import json
from typing import Any

import pytest

from services.domain.guards import banned_names, guard_new

BANNED_NAMES = (
    "ethnicity", "ethnic_group", "ethnicGroup", "EthnicGroup", "ethnic-origin", "ETHNIC", "multiethnic", "ethnos",
    "religion", "religious_belief", "religionCode", "irreligious", "belief", "beliefs", "believer", "faith", "faiths",
    "creed", "worship_place", "political", "political_status", "politicalOutlook", "politics", "geopolitics",
    "party_member", "partyMember", "partymember", "party_membership", "party_affiliation", "party_branch",
    "PARTY_JOINED", "cpc_member", "league_member", "nationality", "nationalities", "nation", "race", "racial_group",
    "tribe", "minority", "ideology", "minzu", "min_zu", "minZu", "shaoshu_minzu", "zongjiao", "zongjiao_xinyang",
    "xinyang", "dangpai", "dangyuan", "zhengzhi_mianmao", "zhengzhimianmao", "mz", "mzdm", "MZMC", "zzmm", "zzmmdm",
    "zjxy", "zuqun", "民族", "民族成分", "所属民族", "少数民族", "族别", "族群", "种族", "種族", "宗教", "宗教信仰",
    "信仰", "教派", "教徒", "政治面貌", "政治立场", "党派", "党员", "是否党员", "入党时间", "民 族", "民\u200b族",
    "\uff45\uff54\uff48\uff4e\uff49\uff43",
)  # fmt: skip

LEGAL_NAMES = (
    "party", "parties", "third_party", "party_county", "counterparty", "party_status", "international",
    "national_code", "destination_adcode", "origin_adcode", "designation", "coordination", "combination",
    "nationwide", "trace", "embrace", "terrace", "policy", "policy_bulletin", "police", "polygon", "polite",
    "metropolitan", "technic", "eth_nic", "interface", "label_in_effect", "relief", "relieved", "release", "eligible",
    "member", "members", "league", "credential", "credit", "increased", "tribunal", "distribute", "attribute",
    "contribution", "minutes", "minor", "priority", "zone", "admin_zone", "event_name", "sex", "age_band",
    "service_need", "reason", "purpose", "class", "status", "agreement", "belt", "beneficiary", "环江毛南族自治县",
    "三都水族自治县", "罗城仫佬族自治县", "县区", "政策", "政务", "党政机关", "信息", "信用", "教育", "民政", "民警",
    "居民", "种类", "家族企业", "宗旨",
)  # fmt: skip


@pytest.mark.parametrize("name", BANNED_NAMES)
def test_a_field_of_this_name_would_sort_people(name: str) -> None:
    """Found wherever it stands in raw content, under any name a system may give it."""
    contents: list[Any] = [{name: "x"}, {"a": [{"b": {name: None}}]}, {"parameters": [{"name": name, "value": "x"}]}]
    for content in contents:
        fault = banned_names(content)
        assert fault is not None
        assert fault.code == "guard.banned_name"
    assert banned_names({"columns": ["age", name]}) is not None


@pytest.mark.parametrize("name", LEGAL_NAMES)
def test_a_harmless_name_is_refused(name: str) -> None:
    """Agreements have parties and counties have names of peoples in them."""
    assert banned_names({name: {name: [name]}, "parameters": [{"name": name, "value": "x"}]}) is None


def test_the_value_of_an_area_is_taken_for_a_field() -> None:
    """The walk reads names, never values of areas."""
    content: Any = {
        "areas": [{"desc": "环江毛南族自治县驯乐苗族乡"}],
        "issuer": "河池市民族宗教事务委员会",
        "name": "民族团结进步示范县",
    }

    assert guard_new(content, json.dumps(content, ensure_ascii=False).encode()) is None
