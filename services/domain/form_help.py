"""What a form says to help: the forms of texts in Chinese, limits as numbers, and hints that a schema cannot give.

Source: ``schemas.forms``, whose English words say the same to whoever writes JSON; docs/events.md
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from schemas.forms import (
    ALERT_ID_PATTERN,
    AMOUNT_PATTERN,
    CALENDAR_UID_PATTERN,
    CIRCLE_PATTERN,
    DECIMAL_PATTERN,
    ESCAPED_PATTERN,
    EVENT_CODE_PATTERN,
    FILE_NAME_PATTERN,
    IDENTITY_PATTERN,
    ITEM_PATTERN,
    LANGUAGE_PATTERN,
    LINE_PATTERN,
    MEDIA_TYPE_PATTERN,
    MEDIATOR_PATTERN,
    METHOD_PATTERN,
    MOBILE_PATTERN,
    PARTY_PATTERN,
    PHONE_PATTERN,
    POINT_PATTERN,
    POLYGON_PATTERN,
    TEXT_PATTERN,
    THREAD_PATTERN,
)
from schemas.ids import COUNTY_PATTERN, EPOCH_PATTERN, HEX32_PATTERN, HEX64_PATTERN, WIRE_TYPE_PATTERN
from schemas.information.event_codes import EVENT_CODES

FORMS_ZH: Final[Mapping[str, str]] = {
    LINE_PATTERN: "一行文字，不含看不见的控制字符",
    TEXT_PATTERN: "文字，可以分行，不含看不见的控制字符",
    ESCAPED_PATTERN: r"文字；首尾空格、看不见的字符和反斜线写成转义，如 \s、\u0009、\\",
    ALERT_ID_PATTERN: "31 位预警编号（GB/T 35965.1）：14 位发布单位代码、下划线、年月日时分秒 14 位、下划线、1 位数字",
    EVENT_CODE_PATTERN: "1 至 32 个拉丁字母、数字、点、横线或下划线，如 11B03",
    PHONE_PATTERN: "电话号码，3 至 25 位数字、空格或横线，如 0778-1234567",
    AMOUNT_PATTERN: "不小于零的数，至多 12 位整数、2 位小数，如 1250000.00",
    DECIMAL_PATTERN: "数，至多 9 位整数、6 位小数，如 86.5",
    POLYGON_PATTERN: "四个以上的点，每点写成“纬度,经度”，点与点隔一个空格，最后一点同第一点",
    CIRCLE_PATTERN: "圆心“纬度,经度”，空一格，半径公里数，如 25.41,107.88 12.5",
    POINT_PATTERN: "“纬度,经度”，单位度，如 24.83,108.26",
    LANGUAGE_PATTERN: "语言代码（BCP 47），如 zh-CN、za",
    MEDIA_TYPE_PATTERN: "小写的媒体类型，如 application/pdf",
    FILE_NAME_PATTERN: "文件名，不含斜线，不以点开头",
    PARTY_PATTERN: "当事人代号：p 和数字，如 p1",
    MEDIATOR_PATTERN: "调解员代号：m 和数字，如 m1",
    IDENTITY_PATTERN: "18 位居民身份证号，末位可以是 X",
    ITEM_PATTERN: "1 至 48 个拉丁字母、数字或横线，如 pension-transfer",
    MOBILE_PATTERN: "11 位手机号",
    METHOD_PATTERN: "小写字母、数字、点和横线，如 sihu-1",
    THREAD_PATTERN: "发起县的六位代码、横线、名字（小写字母、数字和横线），如 451226-oranges-2027",
    CALENDAR_UID_PATTERN: "牵头县的六位代码、横线、名字、@sihu，如 451226-fenlong-2027@sihu",
    COUNTY_PATTERN: "六位行政区划代码（GB/T 2260），如 451226",
    HEX64_PATTERN: "64 位小写十六进制数字",
    HEX32_PATTERN: "32 位小写十六进制数字",
    EPOCH_PATTERN: "序数、横线和 16 位小写十六进制数字",
    WIRE_TYPE_PATTERN: "目录中的类型，如 cn.sihu.information.alert_issued.v1",
}
"""Pattern → what to write, in Chinese: each one of ``schemas.forms.FORMS``."""

_PLAIN: Final = frozenset({LINE_PATTERN, TEXT_PATTERN})
_ROLE: Final = "写职务，不写人名，如 值班领导"
_OFFICE: Final = "写单位名称，不写人名"
_HINTS: Final[Mapping[str, str]] = {
    "approved_by_role": _ROLE,
    "handled_by_role": _ROLE,
    "duty_contact": "对方接到预警后打的电话，写单位的值班电话",
    "contact_office": "写单位和单位电话，不写个人号码",
    "lead_office": _OFFICE,
    "owner_office": _OFFICE,
    "warning_level": "国家预警信号的颜色；社会安全事件不填",
    "report_no": "初报写 1，以后各报依次加 1",
    "event_code": "国标五位代码，可从列表中选",
    "headline": "一句话说清什么事、在哪里、要怎样",
    "instruction": "请对方做什么",
    "areas": "至少一个；短信上的地点取自县，不取自说明",
    "adcodes": "最要紧的县排在前面；列表以外的代码另填，用空格隔开",
    "neighbour_risk": "哪个邻县会受影响、何时、为何",
    "impact": "不知道的留空，不要写 0",
    "reviewed": "终报须先核定",
    "predecessors": "本事件仍然有效的各条预警，都要列出",
    "expires": "到时自动失效",
    "round_to": "1 表示不取整",
    "k": "少于这个数的不公开",
    "complementary": "为防推算而多隐去了较大的数时选“是”",
    "value": "隐去的留空",
    "notice_version": "交给本人的告知书是哪一版",
    "separate": "单独征求的同意才算数（个人信息保护法第二十九条）",
    "guardian": "涉及儿童时，须由监护人同意（第三十一条）",
    "evidence_sha256": "签字页或录音的文件摘要；原件留在本县",
    "fields": "只填这一用途需要、本人同意的项目，其余留空",
    "field_names": "与同意书上写的一致",
    "identity_number": "末位校验码要对",
    "receiving_office": "群众来办事的窗口",
    "deciding_office": "作决定的单位，在另一个县",
    "promised_days": "从决定单位受理之日起算",
    "screening": "五项都须是“否”，才可以由人民调解受理",
    "ref": "以后各步都用这个代号指代",
    "ics_uid": "答复、变更都用这个编号；前六位是牵头县",
    "offer_id": "答复、撤回都用这个编号；前六位是供给县",
    "project_id": "答复、进展都用这个编号；前六位是牵头县",
    "plan_id": "同一预案各版用同一编号",
    "milestones": "按 1、2、3……依次编号",
    "partners": "不含牵头县自己",
    "terms": "一条一款，写清谁、做什么、到什么时候",
    "attendance_band": "只写范围，不逐人登记",
    "legal_basis": "不予时必须写明依据",
    "credit": "许可要求署名时才填，写单位",
    "reply_due": "需要答复时填",
    "to": "不选就是协议的其他各方",
    "office": _OFFICE,
}
_HINTS_OF_PLACES: Final[Mapping[str, str]] = {
    "NamedValue.value": "",
    "Code.value": "",
    "Figure.value": "",
    "Office.name": "门牌上的名称",
    "PlanPublished.areas": "预案适用的各县",
    "CaseLeadOffered.to": "另一个县",
    "CaseAgreementDrafted.sha256": "协议文本的摘要，由系统按文本算出",
    "Attachment.sha256": "文件内容的 SHA-256",
    "MaterialShared.expires": "过后不再展示；不填就一直有效",
    "ResourceOffered.terms": "价格、交货等条件",
    "ResourceAnswered.terms": "还价时写",
    "Agreement.id": "小写字母、数字和横线，如 hechi-qiannan；以后各版都用这一个",
    "Agreement.version": "新协议写 1，改一次加 1",
    "Agreement.parties": "名册里的成员；每一方都要用治理钥匙签名",
    "Agreement.coordinators": "新成员加入时，除它以外只需牵头县签名",
    "Agreement.valid_from": "到这一刻取代旧版；要给各方留出签署、启用的时间",
    "Agreement.grants": "谁可以给谁发哪些类型；没有写进来的一律不许",
    "Agreement.class_ceiling": "选个人信息，才可以转介、办件和调解",
    "Agreement.internal_in_clear": "选是，枢纽的运营者读得到内部内容；个人信息总是加密",
    "Agreement.purposes": "事件写明的用途要在其中",
    "Agreement.deadlines": "预警各级的时限；不写的级别按默认",
    "Agreement.quotas": "防止一县的系统失控；预警从不计入",
    "Grant.types": "可以选多个",
    "Grant.sources": "不选就是各方",
    "Grant.recipients": "不选就是各方",
    "Quota.county": "不选就是其余各方，各自计算",
    "Quota.bytes_per_hour": "不填就不限",
    "Contact.office": "写单位名称，不写人名",
    "EventDraft.expires": "不填就按类型和协议的默认",
    "EventDraft.acknowledge_by": "不填就按协议对这一级别的规定",
    "CallDraft.office": "写单位或角色，不写人名",
    "CallDraft.called_at": "不填就是现在",
    "CaseSessionSet.outsiders": "每行一位，写单位或身份",
    "CaseEvidenceAdded.sha256": "证据文件的摘要；文件用“附件”另传",
}
_EACH_LINE: Final = "每行写一项"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a schema says about a field, as far as people are told.

    Attributes:
        pattern: Of the text, or of each entry of a list.
        longest: Characters of the text at most.
        entry_longest: Characters of each entry of a list that is written a line each; 0 if it has no such limit.
        fewest: Entries at least.
        entries: Entries at most.
        least: Smallest number.
        most: Largest number.
    """

    pattern: str = ""
    longest: int | None = None
    entry_longest: int | None = None
    fewest: int | None = None
    entries: int | None = None
    least: int | None = None
    most: int | None = None


def help_of(place: str, limits: Limits, *, one_a_line: bool = False) -> str:
    """Return what stands under a field; empty if there is nothing to say.

    Args:
        place: ``Model.field``.
        limits: Of the field.
        one_a_line: Whether its entries are written a line each.
    """
    key = place.rpartition(".")[2]
    hint = _HINTS_OF_PLACES.get(place, _HINTS.get(key, ""))
    form = "" if limits.pattern in _PLAIN else FORMS_ZH.get(limits.pattern, "")
    said = (hint, _EACH_LINE if one_a_line else "", form, *_numbers(limits))
    return "；".join(one for one in said if one)


def _numbers(limits: Limits) -> Iterator[str]:
    if limits.longest is not None:
        yield f"最多 {limits.longest} 字"
    if limits.entry_longest:
        yield f"每项最多 {limits.entry_longest} 字"
    if limits.entries is not None:
        yield f"{limits.fewest} 至 {limits.entries} 项" if limits.fewest else f"最多 {limits.entries} 项"
    if limits.least is not None and limits.most is not None:
        yield f"{limits.least} 至 {limits.most}"


def event_codes() -> Mapping[str, str]:
    """Return the kinds of emergencies that have a code here, by code."""
    return {code: row.name for code, row in sorted(EVENT_CODES.items())}
