"""What the verdict on an evidence file says to people, on a terminal and on a page alike."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from schemas.base import BEIJING, InformationClass
from schemas.control import Receipt, ReleaseRecorded, ReleasingOfficer
from schemas.counties import name_of
from schemas.errors import Fault
from schemas.officers import OfficerCredential
from services.domain.desk_words import ANSWERS, MEANS, RELEASES, SIGNED, STAGES
from services.domain.documents import open_payload
from services.domain.evidence_verifying import LAST_STEP, Finding, KeyInForce, Outcome, Verdict
from services.domain.fault_words_proof import REFUSALS, REFUSED
from services.domain.form_words import PURPOSES
from services.domain.vouching import name_in

STEPS: Final[Mapping[int, str]] = {
    1: "文件形式",
    2: "名册",
    3: "协议",
    4: "签名",
    5: "通道",
    6: "内容",
    7: "许可",
    8: "链",
    9: "回执",
    10: "签发记录",
}
"""Of ``verify_evidence``, by number."""
OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.HOLDS: "有效",
    Outcome.CONSISTENT: "自洽但不可信",
    Outcome.REFUSED: "无效",
}
CONCLUSIONS: Final[Mapping[Outcome, str]] = {
    Outcome.HOLDS: "每一步都成立，起点就是所给名册",
    Outcome.CONSISTENT: "伪造的一整套也会自洽",
    Outcome.REFUSED: "有一步不成立",
}
CLASSES: Final[Mapping[InformationClass, str]] = {
    InformationClass.PUBLIC: "公开",
    InformationClass.INTERNAL: "内部",
    InformationClass.PERSONAL: "个人信息",
}
_JUDGED_APART: Final = 9
"""From this step on each finding stands by itself, and nothing is left unreached."""
_ENCODINGS: Final[Mapping[str, str]] = {"none": "未加密", "hpke": "已加密"}


def meaning_of(code: str) -> str:
    """Return in Chinese what a reason means; empty if it is none of an evidence file."""
    return REFUSALS.get(code) or REFUSED.get(code.partition(".")[0], "")


def step_number(finding: Finding) -> str:
    """Number a step; of a receipt or record of release also its place in the file, from 1."""
    return str(finding.step) if finding.place is None else f"{finding.step}.{finding.place + 1}"


def unreached(verdict: Verdict) -> range:
    """Return the steps that were not looked at, because one before them does not hold."""
    last = verdict.findings[-1].step
    most = LAST_STEP if verdict.opened is not None and verdict.opened.releases else _JUDGED_APART
    return range(last + 1, most + 1) if verdict.failed is not None and last < _JUDGED_APART else range(0)


def told_of_step(finding: Finding, verdict: Verdict) -> str:
    """Say what a step that holds has found; for one that does not hold see ``meaning_of``."""
    if finding.release is not None:
        return told_of_release(finding.release)
    return told_of_receipt(finding.receipt) if finding.receipt is not None else _detail(finding.step, verdict)


def _detail(step: int, verdict: Verdict) -> str:
    opened, lineage, agreement = verdict.opened, verdict.lineage, verdict.agreement
    if opened is None or lineage is None:
        return ""
    part = opened.event
    header = part.envelope.header
    first, last = lineage.versions[0].registry.version, lineage.newest
    size = f"{header.content.size:,} 字节，{_ENCODINGS.get(header.content.encoding, header.content.encoding)}"
    texts = {
        2: f"第 {first}–{last} 版" if last > first else f"第 {first} 版",
        3: header.agreement.partition(":")[0] if agreement else "控制记录，不需协议",
        4: "、".join(map(_key, verdict.keys)),
        5: f"纪元 {header.epoch.partition('-')[0]} 第 {header.seq} 条",
        6: size if part.has_content else f"未附内容，摘要已签名：{header.content.digest[:16]}…",
        7: f"{PURPOSES.get(header.purpose, header.purpose)}，{CLASSES[header.information_class]}",
        8: f"前 {len(opened.before)} 后 {len(opened.after)} 条，通道头 {len(opened.heads)} 个",
    }
    return texts.get(step, "")


def _key(one: KeyInForce) -> str:
    if not one.has_ended:
        return one.kid
    return f"{one.kid}（{'已吊销' if one.revoked else '已更换'}，用到第 {one.last.seq if one.last else '–'} 条）"


def told_of_receipt(receipt: Receipt) -> str:
    """Say what a receipt attests, and which officer stands behind it."""
    said = f"{name_of(receipt.receiver)} {STAGES[receipt.stage]} {_moment(receipt.received_at)}"
    if receipt.officer is None:
        return said if receipt.code is None else f"{said} {receipt.code}"
    proof = receipt.officer
    credential = open_payload(proof.credential, proof.credential.payload_type, OfficerCredential)
    name = proof.answer.officer if isinstance(credential, Fault) else credential.display_name
    answer = ANSWERS.get(proof.answer.answer, proof.answer.answer)
    return f"{said} {name} {answer}（{MEANS.get(proof.means, proof.means)}）"


def told_of_release(record: ReleaseRecorded) -> str:
    """Say who released the event, and who of them signed that with a key of their own."""
    said = "、".join(f"{name_in(one.credential) or one.officer}（{_signed(one)}）" for one in record.officers)
    return f"{RELEASES[record.mode]} {said} {_moment(record.released_at)}"


def _signed(one: ReleasingOfficer) -> str:
    if one.own is None:
        return SIGNED[False]
    return f"{SIGNED[True]} {_moment(one.own.statement.signed_at)}"


def told_of_papers(verdict: Verdict) -> str:
    """Say by which documents the verdict stands; empty where it says nothing of them."""
    if verdict.failed is not None or verdict.lineage is None:
        return ""
    count, until = len(verdict.lineage.known.adopted), _moment(verdict.lineage.as_of)
    return f"所据：名册第 {verdict.lineage.newest} 版、密钥变更等 {count} 份，至 {until}"


def _moment(at: datetime | None) -> str:
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S") if at else "–"
