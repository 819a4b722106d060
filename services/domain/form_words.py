"""What a form calls its fields and their values, beyond what paper and desk call them already.

Places are ``Model.field``; a word that holds wherever a field of that name stands is in
``services.domain.field_words``.

Source: docs/events.md
"""

from collections.abc import Mapping
from typing import Final

from services.domain.field_words import FIELDS
from services.domain.value_words import word_of

_ALERTS: Final = frozenset({"AlertIssued", "AlertUpdated", "AlertCancelled"})
_OF_ALERTS: Final[Mapping[str, str]] = {
    "class": "事件类别",
    "event_name": "事件名称",
    "codes": "其他编码",
    "approved_by_role": "批准人职务",
    "duty_contact": "值班联系",
    "report_no": "第几报",
    "warning_level": "预警等级",
    "event_grade": "事件等级",
    "response_level": "响应等级",
    "effective": "生效时间",
    "expires": "失效时间",
    "onset": "预计开始",
    "instruction": "请对方怎么办",
    "response_types": "建议行动",
    "measures_taken": "已采取的措施",
}
_LABELS: Final[Mapping[str, str]] = {
    "AlertCancelled.note": "解除理由",
    "Area.desc": "地区说明",
    "Place.desc": "地点说明",
    "Place.adcode": "所在县",
    "Resource.desc": "附件说明",
    "NeighbourRisk.adcode": "邻县",
    "Area.adcodes": "县（行政区划）",
    "HazardChecked.adcodes": "所涉县",
    "PlanPublished.areas": "适用县",
    "Office.adcode": "县",
    "Office.name": "单位名称",
    "Hotline.name": "名称",
    "HelpWanted.kind": "需要什么",
    "LocalText.lang": "语言",
    "Attachment.name": "文件名",
    "AttachmentShared.name": "文件名",
    "Consent.id": "同意书编号",
    "Consent.receiver": "同意接收的单位",
    "Consent.purpose": "同意的用途",
    "Consent.means": "同意的方式",
    "Consent.expires_at": "同意有效至",
    "Consent.separate": "已单独征得同意",
    "ReferralOffered.expires_at": "办理至",
    "PersonFields.name": "姓名",
    "CaseParty.ref": "当事人代号",
    "CaseParty.name": "当事人名称",
    "CaseParty.kind": "当事人类型",
    "Mediator.ref": "调解员代号",
    "Mediator.name": "调解员姓名",
    "CaseSessionHeld.outsiders": "受邀人数",
    "CaseSessionHeld.parties": "到场当事人",
    "CaseSessionHeld.mediators": "到场调解员",
    "CaseNoticeGiven.parties": "被告知的当事人",
    "CaseNoticeGiven.matter": "告知什么",
    "CaseConsentGiven.matter": "同意什么",
    "CaseConsentRefused.matter": "不同意什么",
    "CaseConfirmationFiled.parties": "共同申请的当事人",
    "CaseRegistered.parties": "当事人",
    "AgreementText.parties": "当事人",
    "AgreementText.terms": "协议条款",
    "CaseVisitMade.findings": "查看情况",
    "CaseVisitMade.offices": "参加单位",
    "CasePerformanceDue.items": "履行事项",
    "CampaignAnnounced.partners": "受邀县",
    "CampaignChanged.partners": "受邀县",
    "ProjectProposed.parties": "参与县",
    "CampaignPartner.reply": "已知答复",
    "CampaignAnswered.office": "参加单位",
    "ResourceWithdrawn.seen": "已看到的各县报价",
    "SeenTurn.number": "报价序号",
    "ResourceAnswered.number": "序号",
    "DrillHeld.findings": "发现问题",
    "Figure.name": "指标",
    "Figure.of": "按什么统计",
    "Figure.value": "数值",
    "ServiceFrame.parties": "参与县",
    "SituationBriefPublished.text": "说明",
    "WorkBulletinPublished.attachments": "附件",
    "Agreement.id": "协议编号",
    "Agreement.version": "第几版",
    "Agreement.title": "协议名称",
    "Agreement.parties": "各方",
    "Agreement.coordinators": "牵头县",
    "Agreement.valid_from": "有效期起",
    "Agreement.valid_until": "有效期止",
    "Agreement.grants": "许可",
    "Agreement.class_ceiling": "密级上限",
    "Agreement.internal_in_clear": "内部内容可以不加密",
    "Agreement.purposes": "用途",
    "Agreement.retention_days": "保存天数",
    "Agreement.deadlines": "时限",
    "Agreement.content_max_bytes": "每条内容的上限",
    "Agreement.file_max_bytes": "每个附件的上限",
    "Agreement.contacts": "线路不通时打给谁",
    "Agreement.quotas": "配额",
    "Grant.types": "类型",
    "Grant.sources": "由哪些县",
    "Grant.recipients": "发给哪些县",
    "Deadline.level": "级别",
    "Deadline.stored_seconds": "入库不超过",
    "Deadline.acknowledged_minutes": "签收不超过",
    "Quota.county": "哪个县",
    "Quota.events_per_hour": "每小时事件",
    "Quota.bytes_per_hour": "每小时字节",
    "Contact.county": "县",
    "Contact.office": "单位",
    "Contact.duty_phone": "值班电话",
    "EventDraft.class": "公开范围",
    "EventDraft.kind": "要求",
    "EventDraft.purpose": "用途",
    "EventDraft.to": "收件县",
    "EventDraft.expires": "失效时间",
    "CallDraft.county": "打给哪个县",
    "CallDraft.office": "对方单位或角色",
    "CallDraft.outcome": "结果",
    "AcknowledgementDraft.note": "附言",
    "ErasureDraft.reason": "销毁原因",
    "CapClosingDraft.event": "已另发的预警",
}
_DRAFTS: Final[Mapping[str, str]] = {
    "agreement": "协作协议",
    "alone": "单人值守，立即签发",
    "verdict": "审核意见",
    "to": "收件县",
    "status": "性质",
    "priority": "优先级",
    "acknowledge_by": "签收期限",
    "undelivered": "对方还没收到也销毁",
    "called_at": "打电话的时间",
    "minutes": "静默时长",
    "level": "级别",
    "evidence": "所附材料的事件",
    "move": "办理",
    "event": "事件",
    "type": "类型",
    "sha256": "文件摘要",
    "size": "字节数",
    "answer": "答复",
}

LEVELS: Final[Mapping[str, Mapping[str, str]]] = {
    "warning_level": {"1": "1级（红色）", "2": "2级（橙色）", "3": "3级（黄色）", "4": "4级（蓝色）"},
    "event_grade": {"1": "1级（特别重大）", "2": "2级（重大）", "3": "3级（较大）", "4": "4级（一般）"},
    "response_level": {"1": "Ⅰ级响应", "2": "Ⅱ级响应", "3": "Ⅲ级响应", "4": "Ⅳ级响应"},
    "level": {"1": "1级", "2": "2级", "3": "3级", "4": "4级"},
    "priority": {"0": "0（最急）", "1": "1（紧急）", "2": "2（较急）", "3": "3（一般）", "4": "4（不急）"},
}
"""Whole numbers that are names of levels: field → number → words."""

UNITS: Final[Mapping[str, str]] = {
    "promised_days": "个工作日",
    "size": "字节",
    "loss_cny": "元",
    "amount": "元",
    "owed_amount": "元",
    "dead": "人",
    "missing": "人",
    "injured": "人",
    "trapped": "人",
    "moved": "人",
    "altitude": "英尺",
    "ceiling": "英尺",
    "minutes": "分钟",
    "retention_days": "天",
    "stored_seconds": "秒",
    "acknowledged_minutes": "分钟",
    "events_per_hour": "件",
    "bytes_per_hour": "字节",
    "content_max_bytes": "字节",
    "file_max_bytes": "字节",
}

SUGGESTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "lang": {"zh-CN": "汉语", "za": "壮语", "pcc": "布依语", "mmd": "毛南语", "doc": "侗语", "swi": "水语"},
    "languages": {"zh-CN": "汉语", "za": "壮语", "pcc": "布依语", "mmd": "毛南语", "doc": "侗语", "swi": "水语"},
    "media_type": {
        "application/pdf": "PDF 文档",
        "image/jpeg": "照片 JPEG",
        "image/png": "图片 PNG",
        "video/mp4": "视频 MP4",
        "audio/mpeg": "音频 MP3",
    },
    "unit": {"吨": "吨", "人": "人", "台": "台", "辆": "辆", "个": "个"},
}
"""What often stands in a field that may hold other texts, too; languages by BCP 47 and ISO 639-3."""

_FIELD_NAMES: Final = "field_names"
_SAME_AS: Final[Mapping[str, str]] = {
    "Material.kind": "materials.kind",
    "HazardFinding.kind": "findings.kind",
    "Figure.name": "figures.name",
}
_DRAFT_VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "Agreement.class_ceiling": {"public": "公开", "internal": "内部", "personal": "个人信息"},
    "EventDraft.class": {"public": "公开", "internal": "内部", "personal": "个人信息"},
    "EventDraft.status": {"actual": "真实", "exercise": "演练", "test": "测试", "system": "系统"},
    "CaseEventDraft.status": {"actual": "真实", "exercise": "演练", "test": "测试", "system": "系统"},
    "EventDraft.kind": {
        "report": "通报",
        "update": "更新",
        "cancel": "取消",
        "request": "请求",
        "response": "答复",
    },
    "AcknowledgementDraft.answer": {
        "received": "收到",
        "handling": "处置",
        "passed_on": "转他人",
        "false_alarm": "误报",
        "cannot": "无法处置",
    },
    "ErasureDraft.reason": {
        "withdrawn": "已撤回",
        "expired": "已到期",
        "completed": "已办结",
        "mistaken": "发错了",
        "ordered": "有权机关要求",
    },
    "CallDraft.outcome": {"told": "已通知", "unanswered": "无人接听"},
    "ReferralMoveDraft.move": {"accept": "接办", "decline": "不接", "complete": "办结", "withdraw": "撤回"},
    "ServiceMoveDraft.move": {
        "receive": "受理",
        "ask": "补正告知",
        "supplement": "补正",
        "transfer": "转办",
        "decide": "决定",
        "deliver": "送达",
        "close": "归档",
    },
}
PURPOSES: Final[Mapping[str, str]] = {
    "emergency_warning": "预警与应急",
    "joint_response": "联合处置",
    "policy_exchange": "政策互通",
    "work_exchange": "工作交流",
    "population_service": "流动人口服务",
    "joint_activity": "联合活动",
    "mutual_development": "发展互惠",
    "dispute_mediation": "联合调解",
    "cross_province_service": "跨省通办",
}
"""What an agreement calls what it permits a thing for."""


def label_of(place: str) -> str:
    """Return what a field is called; its name as it is if no table knows it."""
    model, _, key = place.rpartition(".")
    alert = _OF_ALERTS.get(key) if model in _ALERTS else None
    return _LABELS.get(place) or alert or FIELDS.get(key) or _DRAFTS.get(key, key)


def value_of(place: str, value: str) -> str:
    """Return what a member of an enumeration is called in a field; the value itself if no table knows it."""
    key = place.rpartition(".")[2]
    if key == _FIELD_NAMES:
        return label_of(f"PersonFields.{value}")
    of_draft = _DRAFT_VALUES.get(place, {}).get(value) or (PURPOSES.get(value) if key == "purpose" else None)
    return of_draft or word_of(_SAME_AS.get(place, key), value) or value
