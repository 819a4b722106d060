"""What the members of enumerations in events are called in Chinese, by the field that they stand in.

A field means the same wherever it stands, so its name and a value say which word; a text that is no
member stays as it is.

Source: docs/events.md; for joint mediation ``services.domain.case_words``.
"""

from collections.abc import Mapping
from typing import Final

from services.domain import case_words
from services.domain.field_words import FIELDS
from services.domain.flow_tables import VALUES_ZH

_MATERIALS: Final = {
    "application": "申请表",
    "identity": "身份证明",
    "household": "户籍材料",
    "marriage": "婚姻材料",
    "contract": "劳动合同",
    "payment": "缴费凭证",
    "diagnosis": "诊断材料",
    "invoice": "票据",
    "photograph": "照片",
    "mandate": "委托书",
    "other": "其他",
}
_ALERTS: Final[Mapping[str, Mapping[str, str]]] = {
    "report_stage": {"first": "初报", "followup": "续报", "final": "终报"},
    "class": {
        "natural": "自然灾害",
        "accident": "事故灾难",
        "health": "公共卫生事件",
        "safety": "社会安全事件",
    },
    "urgency": {
        "immediate": "立即",
        "expected": "即将（1小时内）",
        "future": "近期",
        "past": "已过",
        "unknown": "不详",
    },
    "severity": {"extreme": "特别严重", "severe": "严重", "moderate": "中等", "minor": "轻微", "unknown": "不详"},
    "certainty": {
        "observed": "已发生",
        "likely": "很可能",
        "possible": "可能",
        "unlikely": "不太可能",
        "unknown": "不详",
    },
    "response_types": {
        "shelter": "就地避险",
        "evacuate": "转移撤离",
        "prepare": "做好准备",
        "execute": "执行预案",
        "avoid": "避开",
        "monitor": "密切监视",
        "assess": "研判",
        "all_clear": "解除",
        "none": "无需行动",
    },
}
_KINDS: Final = {
    "brief": "简报",
    "experience": "经验典型",
    "minutes": "会议纪要",
    "statistics": "统计",
    "festival": "节庆",
    "publicity": "宣传",
    "fair": "展会",
    "sports": "体育",
    "patrol": "联合巡查",
    "exchange_visit": "互访",
    "poster": "海报",
    "video": "视频",
    "text": "文稿",
    "audio": "音频",
    "project": "项目",
    "labour": "用工岗位",
    "supply": "产品供应",
    "logistics": "物流",
    "tourism": "旅游",
    "site": "场地",
    "funding": "资金",
    "rescue_team": "救援队伍",
    "medical_team": "医疗队",
    "expert": "专家",
    "equipment": "装备",
    "vehicle": "车辆",
    "supplies": "物资",
    "shelter": "安置场所",
    "person": "个人",
    "village_group": "村民小组",
    "village": "村",
    "enterprise": "企业",
    "household": "户",
    "other": "其他",
}
_FINDINGS: Final = {
    "slope": "边坡",
    "river": "河道",
    "road": "道路",
    "bridge": "桥涵",
    "forest": "林火",
    "water_source": "水源",
    "line": "输电通信",
    "mine": "矿井尾矿",
    "other": "其他",
}
_REASONS: Final = {
    **VALUES_ZH["reason"],
    "conditions_met": "符合条件",
    "conditions_not_met": "条件不符",
    "materials_missing": "材料不全",
    "no_answer": "逾期未补",
    "not_competent": "非本地职权",
    "registered_elsewhere": "户籍在他地",
    "insured_elsewhere": "参保在他地",
    "sent_back": "退回",
    "no_capacity": "名额不足",
    "fields_missing": "材料不足",
    "consent_doubtful": "授权存疑",
}
_OUTCOMES: Final = {
    "held": "如期举办",
    "cancelled": "取消",
    "achieved": "全部完成",
    "partly": "部分完成",
    "stopped": "终止",
    "provided": "已提供",
    "not_provided": "未提供",
    "completed": "办结",
}
_TOGETHER: Final[Mapping[str, Mapping[str, str]]] = {
    "openness": {"open": "主动公开", "on_request": "依申请公开", "closed": "不予公开"},
    "period": {"month": "月", "quarter": "季度"},
    "state": {
        "planned": "计划中",
        "started": "已开始",
        "done": "已完成",
        "dropped": "已取消",
        "shown": "列出",
        "rounded": "取整",
        "suppressed": "隐去",
    },
    "service_plan": {
        "one_stop_desk": "一站式窗口",
        "school_places": "学位",
        "clinic_days": "巡诊",
        "insurance_desk": "社保窗口",
        "job_fair": "招聘会",
        "wage_desk": "欠薪维权窗口",
        "legal_aid_desk": "法律援助窗口",
        "housing_help": "住房帮助",
        "transport": "交通",
        "other": "其他",
    },
    "role": {"co_host": "联办", "support": "协办", "guest": "应邀"},
    "reply": {"accepted": "参加", "tentative": "待定", "declined": "不参加"},
    "licence": {
        "CC0-1.0": "放弃权利",
        "CC-BY-4.0": "署名",
        "CC-BY-NC-4.0": "署名、非商业",
        "CC-BY-ND-4.0": "署名、不改动",
        "partners-only": "仅限收件各县",
    },
    "answer": {"accept": "接受", "counter": "还价", "decline": "谢绝", "question": "询问", "reply": "回复询问"},
    "budget_band": {
        "none": "无",
        "under_100k": "10万元以下",
        "100k_to_1m": "10万至100万元",
        "1m_to_10m": "100万至1000万元",
        "over_10m": "1000万元以上",
    },
    "decision": {
        "join": "参加",
        "decline": "谢绝",
        "granted": "准予",
        "refused": "不予",
        "not_competent": "非本地职权",
    },
    "mode": {"online": "全程网办", "collect": "异地代收代办", "joint": "多地联办"},
    "way": {"online": "网上", "post": "邮寄", "desk": "窗口"},
    "hazard": {
        "flood": "洪涝",
        "reservoir": "水库泄洪",
        "landslide": "山体滑坡",
        "forest_fire": "森林火灾",
        "ice": "低温冰冻",
        "earthquake": "地震",
        "drought": "干旱",
        "traffic": "交通",
        "dangerous_goods": "危化品",
        "mine": "矿山",
        "water_pollution": "水污染",
        "network_failure": "断电断网",
        "epidemic": "疫情",
        "food": "食品",
        "animal_disease": "动物疫病",
        "missing_person": "走失",
        "crowd": "人群",
    },
    "attendance_band": {
        "0-99": "100人以下",
        "100-999": "100至999人",
        "1000-4999": "1000至4999人",
        "5000+": "5000人以上",
    },
    "channels": {"bus": "四互", "telephone": "电话", "sms": "短信", "fax": "传真", "radio": "电台"},
    "risk": {"low": "低", "general": "一般", "larger": "较大", "major": "重大"},
}
_FILES: Final[Mapping[str, str]] = {
    "application/pdf": "PDF 文档",
    "application/ofd": "OFD 文档",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word 文档",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel 表格",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint 演示文稿",
    "text/plain": "纯文本",
    "text/csv": "CSV 表格",
    "image/jpeg": "JPEG 照片",
    "image/png": "PNG 图片",
    "audio/mpeg": "MP3 音频",
    "video/mp4": "MP4 视频",
}
_FIGURES: Final[Mapping[str, str]] = {
    "sent": "发出件数",
    "received": "收到件数",
    "deliveries": "应送达件数",
    "stored": "已入库件数",
    "acknowledged": "已签收件数",
    "refused": "被退回件数",
    "stored_median_seconds": "入库用时中位数（秒）",
    "stored_p90_seconds": "入库用时九成位（秒）",
    "acknowledged_median_seconds": "签收用时中位数（秒）",
    "acknowledged_p90_seconds": "签收用时九成位（秒）",
    "matters": "办理事项数",
}
_PEOPLE: Final[Mapping[str, Mapping[str, str]]] = {
    "purpose": {
        "school_place": "入学",
        "insurance_transfer": "社保转移",
        "reimbursement": "医疗报销",
        "legal_aid": "法律援助",
        "wage_arrears": "欠薪",
        "care": "照护",
        "disability_aid": "残疾帮扶",
        "cross_province_service": "跨省通办",
    },
    "means": {"paper": "书面", "recorded": "当面录音"},
    "withdraw_how": {"any_desk": "任一县窗口", "same_desk": "原窗口", "telephone": "电话"},
    "by": {"person": "本人", "guardian": "监护人", "office": "经办单位"},
    "school_stage": {
        "kindergarten": "幼儿园",
        "primary": "小学",
        "junior": "初中",
        "senior": "高中",
        "vocational": "中职",
    },
    "insurance_kind": {"pension": "养老", "medical": "医疗", "unemployment": "失业", "injury": "工伤"},
    "legal_matter": {
        "labour": "劳动",
        "family": "家事",
        "injury": "工伤",
        "consumer": "消费",
        "other": "其他",
    },
    "care_kind": {"child": "照护儿童", "elder": "照护老人"},
    "aid_kind": {"allowance": "补贴", "device": "辅具", "rehabilitation": "康复", "day_care": "托养"},
}
_OF_FIELDS: Final = {
    "dimensions": FIELDS,
    "field_names": FIELDS,
    "age_band": VALUES_ZH["age_band"],
    "sex": VALUES_ZH["sex"],
    "service_need": VALUES_ZH["service_need"],
    "wanted": _MATERIALS,
    "kind": _KINDS,
    "materials.kind": _MATERIALS,
    "findings.kind": _FINDINGS,
    "figures.name": _FIGURES,
    "media_type": _FILES,
    "reason": _REASONS,
    "outcome": _OUTCOMES,
}
VALUES: Final[Mapping[str, Mapping[str, str]]] = {**_ALERTS, **_TOGETHER, **_PEOPLE, **_OF_FIELDS}
"""Name of a field, or of one and what it stands in → value → Chinese; for joint mediation see ``word_of``."""

_OF_CASES: Final = frozenset(
    {
        "dispute_kind",
        "kind",
        "matter",
        "means",
        "reason",
        "ground",
        "evidence_kind",
        "risk",
        "told",
        "other_ways",
        "form",
        "signatory",
        "result",
        "outcome",
    }
)


def word_of(path: str, value: str) -> str | None:
    """Return what a value is called, or None if it is no member of an enumeration.

    Args:
        path: Names of fields and numbers of list entries, with dots; the last two names count.
        value: As it travels.
    """
    names = [part for part in path.split(".") if not part.isdecimal()]
    name = names[-1] if names else ""
    word = VALUES.get(".".join(names[-2:]), VALUES.get(name, {})).get(value)
    return case_words.VALUES.get(value) if word is None and name in _OF_CASES else word
