"""Which fields of a form stand where: the seldom used apart, long forms in sections, what the node fills in left out.

Source: docs/decisions/0042-make-forms-from-the-schemas.md
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Section:
    """Fields that stand together under a heading.

    Attributes:
        title: In Chinese; empty for a form of one section.
        keys: Names of fields, in the order of the form.
    """

    title: str
    keys: tuple[str, ...]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALERT_LEFT_OUT: Final = _names("cap_lines")
LEFT_OUT: Final[Mapping[str, frozenset[str]]] = {
    "AlertIssued": _ALERT_LEFT_OUT,
    "AlertUpdated": _ALERT_LEFT_OUT,
    "AlertCancelled": _ALERT_LEFT_OUT,
    "Agreement": _names("v"),
    "EventDraft": _names("content upload refs type"),
    "AcknowledgementDraft": _names("answered_at signature"),
    "CaseEventDraft": _names("content last_seen type"),
    "ReferralMoveDraft": _names("content"),
    "ServiceMoveDraft": _names("content"),
    "CourseDraft": _names("content"),
    "ServiceDraft": _names("content"),
}
"""Model → what nobody writes by hand: lines of an imported CAP document, what a page or a signature fills in."""

_STEP: Final = _names("request_id step_no previous responsible_office")
FILLED: Final[Mapping[str, frozenset[str]]] = {
    "AttachmentShared": _names("name media_type size sha256"),
    "ReferralOffered": _names("referral_id expires_at"),
    "ReferralAccepted": _names("referral_id"),
    "ReferralDeclined": _names("referral_id"),
    "ReferralCompleted": _names("referral_id"),
    "ReferralWithdrawn": _names("referral_id"),
    "ServiceRequested": _STEP,
    "ServiceReceived": _STEP | {"due_at"},
    "ServiceSupplementAsked": _STEP,
    "ServiceSupplemented": _STEP | {"due_at"},
    "ServiceTransferred": _STEP | {"frame"},
    "ServiceDecided": _STEP,
    "ServiceDelivered": _STEP,
    "ServiceClosed": _STEP,
}
"""Model → what follows from the file or the course that a page is about, so that its form need not ask for it."""

_ALERT_RARE: Final = _names(
    "cap_identifier code_scheme event_grade response_level onset measures_taken hotlines help_wanted "
    "texts parameters codes resources"
)
RARE: Final[Mapping[str, frozenset[str]]] = {
    "AlertIssued": _ALERT_RARE | {"note"},
    "AlertUpdated": _ALERT_RARE | {"note"},
    "AlertCancelled": _ALERT_RARE | {"neighbour_risk", "response_types"},
    "Area": _names("polygon circle altitude ceiling"),
    "Predecessor": _names("cap_reference"),
    "PolicyBulletinPublished": _names("expires_on repeals"),
    "Place": _names("point"),
    "CampaignPartner": _names("reply"),
    "CampaignAnnounced": _names("safety_plan_sha256 traffic_note"),
    "CampaignChanged": _names("safety_plan_sha256 traffic_note"),
    "Agreement": _names("content_max_bytes file_max_bytes"),
    "EventDraft": _names("purpose class status kind priority expires acknowledge_by alone"),
}
"""Model → what is seldom filled in; a required field is never among them unless the form fills it in itself."""

_ALERT: Final = (
    Section("事件", ("alert_id", "predecessors", "class", "event_code", "event_name", "report_stage", "report_no")),
    Section("等级", ("warning_level", "event_grade", "response_level", "urgency", "severity", "certainty")),
    Section("时间", ("effective", "expires", "onset")),
    Section("内容", ("headline", "description", "instruction", "response_types", "measures_taken", "note")),
    Section("范围", ("areas", "neighbour_risk")),
    Section("损失与求援", ("impact", "help_wanted")),
    Section("联系与批准", ("duty_contact", "hotlines", "approved_by_role", "approved_at")),
    Section("对照", ("cap_identifier", "code_scheme", "texts", "parameters", "codes", "resources")),
)
_REFERRAL: Final = (
    Section("对接", ("referral_id", "purpose", "from_office", "to_office", "expires_at")),
    Section("本人同意", ("consent",)),
    Section("个人信息", ("fields",)),
)
SECTIONS: Final[Mapping[str, tuple[Section, ...]]] = {
    "AlertIssued": _ALERT,
    "AlertUpdated": _ALERT,
    "AlertCancelled": _ALERT,
    "ReferralOffered": _REFERRAL,
    "Agreement": (
        Section("协议", ("id", "version", "title", "parties", "coordinators", "valid_from", "valid_until")),
        Section("内容范围", ("class_ceiling", "internal_in_clear", "purposes", "retention_days")),
        Section("谁可以给谁发什么", ("grants",)),
        Section("时限、配额、联系", ("deadlines", "quotas", "contacts", "content_max_bytes", "file_max_bytes")),
    ),
}
"""Model → its sections; every other form is one."""
