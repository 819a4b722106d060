"""The next acts of a case as small forms: what each asks for, made from what the case stands at now.

Acts with more content than a few fields have their own page: 发布.

Source: docs/mediation.md, section "Events"
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from schemas.cases import CaseAct, CaseRef, DueFact
from schemas.counties import name_of
from schemas.governance.mediation import CASE_PREFIX
from schemas.governance.mediation_parts import (
    AdviceReason,
    Authority,
    CaseOutcome,
    ChallengeGround,
    ConsentMatter,
    CourtResult,
    Means,
    NoticeMatter,
    OtherWay,
    OutOfScope,
    Performance,
    RiskKind,
)
from services.console.small_forms import Ask, Choices, Kind, SmallForm, note_ask, spelled, today_ask, words
from services.domain.case_words import VALUES
from services.gateway.case_answers import CaseDetail

Asks = tuple[Ask, ...]
_DANGER: Final = frozenset({"refused", "consent_refused", "withdrawn", "failed", "closed", "breached"})
_TAKEN_BACK: Final = frozenset({CaseAct.EVIDENCE_ADDED, CaseAct.VISIT_MADE, CaseAct.PROPOSAL_MADE})
_LONG: Final = 2000
AGREEMENT: Final = ("agreement_drafted", "agreement_signed", "stamped", "in_force")
"""Acts about the agreement, by the names of their types."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A case and who looks at it.

    Attributes:
        own: Our county.
        today: In Beijing.
    """

    detail: CaseDetail
    own: str
    today: date

    @property
    def other(self) -> str:
        """The other county."""
        return next((one for one in self.detail.case.counties if one != self.own), "")

    @property
    def parties(self) -> Choices:
        """Every party, by reference."""
        return tuple(map(_choice, self.detail.parties))

    @property
    def own_parties(self) -> Choices:
        """Parties that speak through our office."""
        return tuple(_choice(one) for one in self.detail.parties if one.county == self.own)

    @property
    def mediators(self) -> Choices:
        """Everybody of the panel."""
        return tuple(map(_choice, self.detail.mediators))

    @property
    def duties(self) -> tuple[DueFact, ...]:
        """Every duty that was set."""
        return tuple(item for one in self.detail.entries if one.counts for item in one.facts.items)

    def all_refs(self) -> str:
        """Every party, as boxes are ticked."""
        return ",".join(one.ref for one in self.detail.parties)


def name_of_type(wire_type: str) -> str:
    """Return the last part of a case type's name, e.g. ``accepted``."""
    return wire_type.removeprefix(CASE_PREFIX).removesuffix(".v1")


def form_of(standing: Standing, name: str, title: str) -> SmallForm | None:
    """Return the form of an act by the name of its type, or None for what has too much content for one."""
    asks = _ASKS.get(name)
    return None if asks is None else SmallForm(name, title, asks(standing), _HINTS.get(name, ""), name in _DANGER)


def _choice(one: CaseRef) -> tuple[str, str]:
    return one.ref, f"{one.ref}（{name_of(one.county)}）"


def _party(choices: Choices, *, required: bool = True) -> Ask:
    return Ask("party", "当事人", Kind.CHOICE, choices, required=required)


def _consent_given(at: Standing) -> Asks:
    return (
        _party(at.own_parties),
        Ask("matter", "同意事项", Kind.CHOICE, words(ConsentMatter, VALUES)),
        Ask("means", "方式", Kind.CHOICE, words(Means, VALUES), value=Means.SIGNED.value),
        today_ask("given_on", "日期", at.today),
        Ask("until", "同意延长至", Kind.DAY, required=False, hint="只在同意“延长期限”时填"),
    )


def _consent_refused(at: Standing) -> Asks:
    return (
        _party(at.parties),
        Ask("matter", "不同意事项", Kind.CHOICE, words(ConsentMatter, VALUES)),
        today_ask("refused_on", "日期", at.today),
        note_ask("reason", "理由", required=False),
    )


def _accepted(at: Standing) -> Asks:
    due = at.detail.proposed_due_on.isoformat()
    return (today_ask("accepted_on", "受理日期", at.today), Ask("due_on", "调解期限", Kind.DAY, value=due))


def _refused(at: Standing) -> Asks:
    return (
        Ask("reason", "理由", Kind.CHOICE, words(OutOfScope, VALUES)),
        Ask("directed_to", "告知应到何处", Kind.TEXT),
        today_ask("refused_on", "日期", at.today),
    )


def _challenged(at: Standing) -> Asks:
    return (
        Ask("mediator", "调解员", Kind.CHOICE, at.mediators),
        Ask("ground", "事由", Kind.CHOICE, words(ChallengeGround, VALUES)),
        Ask("party", "申请的当事人", Kind.CHOICE, at.parties, required=False, hint="只在当事人申请回避时选"),
        today_ask("challenged_on", "日期", at.today),
        note_ask("reason", "理由", required=False),
    )


def _lead_offered(at: Standing) -> Asks:
    return Ask("to", "", Kind.FIXED, value=at.other), note_ask("reason", f"请{name_of(at.other)}牵头的理由")


def _lead_handed(at: Standing) -> Asks:
    return (Ask("taken_from", "", Kind.FIXED, value=at.detail.case.lead),)


def _notice_given(at: Standing) -> Asks:
    own = ",".join(ref for ref, _ in at.own_parties)
    return (
        Ask("matter", "告知内容", Kind.CHOICE, words(NoticeMatter, VALUES)),
        Ask("parties", "告知了谁", Kind.CHOICES, at.parties, value=own),
        Ask("means", "方式", Kind.CHOICE, words(Means, VALUES)),
        today_ask("given_on", "日期", at.today),
        note_ask("text", "要点", required=False),
    )


def _session_set(at: Standing) -> Asks:
    held = [one.facts.session_no or 0 for one in at.detail.entries if one.facts.act is CaseAct.SESSION_SET]
    return (
        Ask("session_no", "第几次", Kind.NUMBER, value=str(max(held, default=0) + 1)),
        Ask("starts_at", "时间", Kind.MOMENT),
        Ask("place", "地点", Kind.TEXT),
        Ask("open_to_public", "公开进行（须各方同意）", Kind.FLAG),
    )


def _proposal_made(at: Standing) -> Asks:
    return (
        Ask("party", "提出人", Kind.CHOICE, at.parties, required=False, hint="调解员提出的不选"),
        note_ask("text", "方案", length=_LONG),
        today_ask("made_on", "日期", at.today),
    )


def _extended(_: Standing) -> Asks:
    return Ask("until", "延长至", Kind.DAY, hint="各方须先同意到这一天或更晚"), note_ask("reason", "理由")


def _entry_withdrawn(at: Standing) -> Asks:
    own = [one for one in at.detail.entries if one.county == at.own and one.facts.act in _TAKEN_BACK and one.counts]
    named = tuple((one.envelope_id, f"{one.title} {one.envelope_id[:8]}（{one.facts.on}）") for one in own)
    return Ask("entry", "材料", Kind.CHOICE, named), note_ask("reason", "理由")


def _risk_flagged(_: Standing) -> Asks:
    return (
        Ask("risk", "危险", Kind.CHOICE, words(RiskKind, VALUES)),
        Ask("imminent", "迫在眉睫", Kind.FLAG),
        Ask("told", "发出前已告知", Kind.CHOICES, words(Authority, VALUES)),
    )


def _failed(at: Standing) -> Asks:
    return (
        Ask("other_ways", "已告知的其他途径", Kind.CHOICES, words(OtherWay, VALUES)),
        today_ask("failed_on", "日期", at.today),
        note_ask("reason", "情况"),
    )


def _agreement_signed(at: Standing) -> Asks:
    missing = at.detail.signatures_missing
    parties = [(f"{label} 当事人", spelled(signatory="party", party=ref)) for ref, label in at.own_parties]
    seats = [one for one in at.detail.mediators if one.county == at.own]
    panel = [(f"{_choice(one)[1]} 调解员", spelled(signatory="mediator", mediator=one.ref)) for one in seats]
    office = (f"{name_of(at.own)}县联络办", spelled(signatory="county"))
    refs = [*(ref for ref, _ in at.own_parties), *(one.ref for one in seats), f"county:{at.own}"]
    offered = zip(refs, (*parties, *panel, office), strict=True)
    return (
        Ask("who", "谁签", Kind.SEVERAL, tuple((value, label) for ref, (label, value) in offered if ref in missing)),
        Ask("means", "方式", Kind.CHOICE, words((one for one in Means if one is not Means.SPOKEN), VALUES)),
        today_ask("signed_on", "日期", at.today),
        _digest(at),
    )


def _digest(at: Standing) -> Ask:
    return Ask("sha256", "", Kind.FIXED, value=at.detail.agreement_digest or "")


def _stamped(at: Standing) -> Asks:
    return (
        Ask("committee", "人民调解委员会", Kind.TEXT, length=60),
        today_ask("stamped_on", "日期", at.today),
        _digest(at),
    )


def _in_force(at: Standing) -> Asks:
    return (
        today_ask("in_force_on", "生效日期", at.today),
        Ask("confirm_by", "司法确认期限", Kind.DAY, value=at.detail.proposed_confirm_by.isoformat()),
        Ask("courts", "可以确认的法院", Kind.LINES, hint="一行一个", length=600),
        Ask("copies_to", "协议已送达", Kind.CHOICES, at.parties, value=at.all_refs()),
        _digest(at),
    )


def _confirmation_filed(at: Standing) -> Asks:
    return (
        Ask("court", "法院", Kind.TEXT),
        Ask("parties", "共同申请人", Kind.CHOICES, at.parties, value=at.all_refs()),
        today_ask("filed_on", "申请日期", at.today),
    )


def _confirmation_result(at: Standing) -> Asks:
    return (
        Ask("result", "结果", Kind.CHOICE, words(CourtResult, VALUES)),
        Ask("doc_no", "文书编号", Kind.TEXT, required=False, length=60),
        today_ask("decided_on", "日期", at.today),
        note_ask("note", "说明", required=False),
    )


def _duty(at: Standing) -> Ask:
    items = tuple((str(one.no), f"事项 {one.no}（{one.party}，{one.due_on} 前）") for one in at.duties)
    return Ask("item_no", "履行事项", Kind.NUMBER, items)


def _performance_reported(at: Standing) -> Asks:
    return (
        _duty(at),
        Ask("outcome", "情况", Kind.CHOICE, words(Performance, VALUES)),
        today_ask("reported_on", "日期", at.today),
        note_ask("note", "说明", required=False),
    )


def _breached(at: Standing) -> Asks:
    note = note_ask("note", "说明", required=False)
    return _duty(at), _party(at.parties), today_ask("found_on", "发现日期", at.today), note


def _urged(at: Standing) -> Asks:
    note = note_ask("note", "说明", required=False)
    return _party(at.parties), today_ask("urged_on", "督促日期", at.today), note


def _court_advised(at: Standing) -> Asks:
    return (
        Ask("reason", "事由", Kind.CHOICE, words(AdviceReason, VALUES)),
        Ask("courts", "有管辖权的法院", Kind.LINES, hint="一行一个", length=600),
        today_ask("advised_on", "告知日期", at.today),
    )


def _reopened(at: Standing) -> Asks:
    due = at.detail.proposed_due_on.isoformat()
    return (
        today_ask("reopened_on", "日期", at.today),
        Ask("due_on", "新的期限", Kind.DAY, value=due),
        note_ask("reason", "理由"),
    )


def _closed(at: Standing) -> Asks:
    outcomes = ((one.value, VALUES[one.value] if one is not CaseOutcome.COURT else "转诉讼") for one in CaseOutcome)
    return (
        Ask("outcome", "结果", Kind.CHOICE, tuple(outcomes)),
        today_ask("closed_on", "结案日期", at.today),
        note_ask("summary", "小结", length=_LONG),
    )


_ASKS: Final[Mapping[str, Callable[[Standing], Asks]]] = {
    "consent_given": _consent_given,
    "consent_refused": _consent_refused,
    "accepted": _accepted,
    "refused": _refused,
    "mediator_challenged": _challenged,
    "lead_offered": _lead_offered,
    "lead_handed": _lead_handed,
    "notice_given": _notice_given,
    "session_set": _session_set,
    "proposal_made": _proposal_made,
    "extended": _extended,
    "suspended": lambda at: (today_ask("suspended_on", "日期", at.today), note_ask("reason", "理由")),
    "resumed": lambda at: (today_ask("resumed_on", "日期", at.today),),
    "withdrawn": lambda at: (
        _party(at.parties),
        today_ask("withdrawn_on", "日期", at.today),
        note_ask("reason", "理由", required=False),
    ),
    "entry_withdrawn": _entry_withdrawn,
    "risk_flagged": _risk_flagged,
    "failed": _failed,
    "agreement_signed": _agreement_signed,
    "stamped": _stamped,
    "in_force": _in_force,
    "confirmation_filed": _confirmation_filed,
    "confirmation_result": _confirmation_result,
    "performance_reported": _performance_reported,
    "followed_up": lambda at: (today_ask("followed_up_on", "回访日期", at.today), note_ask("note", "情况")),
    "urged": _urged,
    "breached": _breached,
    "court_advised": _court_advised,
    "reopened": _reopened,
    "closed": _closed,
}
_HINTS: Final[Mapping[str, str]] = {
    "accepted": "各方都同意后才能受理。调解期限为一个月，末日遇休息日顺延。",
    "consent_given": "只能记本县当事人的同意；对方县当事人由对方县记。",
    "withdrawn": "当事人退出，调解随即终止。",
    "refused": "不予受理须告知当事人到何处解决。",
    "entry_withdrawn": "材料仍留在案卷中，只是不再计入：谁都不能删除。",
    "risk_flagged": "立即按预警通知对方县，只带县名和级别，不带案情。先告知主管机关，再在这里发出。",
    "agreement_signed": "签的是上面摘要所指的那一份文本，一字不差。",
    "in_force": "签齐、盖章并送达各方后，协议才生效。",
}
