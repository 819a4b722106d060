"""What this county's own duty officer is told: one Chinese line, with the telephone where there is one."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from schemas.base import BEIJING
from schemas.control import ReceiptStage
from schemas.counties import name_of
from schemas.errors import Fault
from schemas.pages import Medium, Tier
from services.domain.provider_words import problem_zh
from services.domain.trust import Trust

_NAMED_MAX: Final = 8
_MEDIA: Final = {
    Medium.CONSOLE: "值班台",
    Medium.SMS: "短信",
    Medium.VOICE: "电话",
    Medium.FAX: "传真",
    Medium.EMAIL: "邮件",
    Medium.WEBHOOK: "系统接口",
}
_TIERS: Final = {
    Tier.PRIMARY: "主班",
    Tier.SECONDARY: "副班",
    Tier.LEADER: "带班领导",
    Tier.OFFICE: "值班室电话",
    Tier.SUPERIOR: "上级值班室",
}


def medium_zh(medium: Medium) -> str:
    """Name a medium as the desk does."""
    return _MEDIA[medium]


def _county(code: str) -> str:
    return f"{name_of(code)}（{code}）" if code else "来源不明"


def phone_of(trust: Trust, agreement_id: str, county: str) -> str:
    """Return the duty telephone of a neighbour: the agreement's contact first, else the registry's."""
    in_force = trust.agreement(agreement_id)
    contacts = in_force.agreement.contacts if in_force else ()
    agreed = next((contact.duty_phone for contact in contacts if contact.county == county), None)
    member = trust.member(county)
    return agreed or (member.duty_phone if member else "")


def told_of_silence(stage: ReceiptStage, county: str, phone: str, headline: str) -> str:
    """A neighbour has not stored, or not acknowledged, an alert of level 1 or 2 in time."""
    missing = "入库回执" if stage is ReceiptStage.STORED else "签收"
    return f"{_county(county)}未按时给出{missing}，请立即电话 {phone} 通知其值班室：{headline}"


def told_of_one_name(name: str, due_at: datetime, headline: str) -> str:
    """An alert that one officer sent alone has no second name under it in time."""
    return f"{name}单人签发的预警逾期（{due_at.astimezone(BEIJING):%H:%M}）仍未补签，请另一名人员核对并补签：{headline}"


def told_of_fork(county: str, channel: str, seq: int) -> str:
    """A source signed two stories."""
    return f"{_county(county)}在通道 {channel[:8]} 第 {seq} 条给出两个不同版本，通道已冻结，请电话核实"


def told_of_quarantine(county: str, fault: Fault) -> str:
    """Something was refused and kept."""
    return f"来自{_county(county)}的一条消息被隔离，原因：{fault.code}（{fault.field or '整体'}）"


def told_of_unread(county: str, fault: Fault) -> str:
    """A neighbour's signal is closed by a key whose private half is not here: the fault is ours."""
    return f"本县读不了{_county(county)}的信标：本机没有登记册所载加密私钥，请从备份取回（{fault.code}）"


def told_of_refusal(county: str, code: str, text: str) -> str:
    """A neighbour refused what we sent."""
    return f"{_county(county)}拒收我方一条消息，原因：{code} {text}"[:200]


def told_of_clock(county: str, seconds: int) -> str:
    """A county claims times that have not come yet."""
    return f"{_county(county)}发来的消息所载时间比本县时钟超前 {seconds} 秒，消息照常收下，请双方核对时钟"


def told_of_missing(county: str, alert_ids: Iterable[str]) -> str:
    """An alert replaces or ends one that is not here."""
    return f"{_county(county)}的预警更新或解除已收下，但所指前序预警本县没有：{'、'.join(alert_ids)}，请向对方索取"[
        :200
    ]


def told_of_own_unknown(channel: str, seq: int) -> str:
    """Our own signature on something our store lacks."""
    return f"枢纽上有本县签名而本库没有的消息（通道 {channel[:8]} 第 {seq} 条）：疑为旧备份或双机同时运行，请联系管理员"


def told_of_twins(county: str, channel: str) -> str:
    """A county goes on in an epoch that it had left: two of its nodes run."""
    return f"{_county(county)}有两台机器同时以该县名义发送（通道 {channel[:8]}），请立即电话核实，只留一台"


def told_of_own_twin(heard_by: str = "") -> str:
    """Somebody else sends in our name while we run: the hub's numbers show it, or a partner that has heard it."""
    word = f"据{name_of(heard_by)}信标，" if heard_by else ""
    return f"{word}另有一台机器正以本县名义发送，疑为旧备份或克隆同时运行，请立即停用其中一台"


def told_of_lost(county: str, channel: str, held: int) -> str:
    """Our store was restored, and somebody holds more of ours than the backup did."""
    return (
        f"已恢复备份：{_county(county)}处有本县在备份之后发出的消息（通道 {channel[:8]} 第 {held} 条之后），"
        "对方不缺，本库没有，请按恢复手册向对方核对补记"
    )


def told_of_revocation(county: str, kid: str, link_ids: Sequence[str], phone: str) -> str:
    """A neighbour's key was revoked, and what it signed behind the last trusted position was taken here before."""
    return (
        f"{_county(county)}的密钥 {kid[:8]} 已吊销：此前收下的 {len(link_ids)} 条消息不再可信（{_some(link_ids)}），"
        f"请勿据以处置，立即电话 {phone} 核实"
    )


def told_of_own_revocation(kid: str, link_ids: Sequence[str]) -> str:
    """Our own key was revoked, and what we sent behind the last trusted position counts nowhere."""
    return (
        f"本县密钥 {kid[:8]} 已吊销：其后发出的 {len(link_ids)} 条消息各县均不采信（{_some(link_ids)}），请逐条重新发出"
    )


def _some(link_ids: Sequence[str]) -> str:
    return "、".join(one[:8] for one in link_ids[:_NAMED_MAX]) + (" 等" if len(link_ids) > _NAMED_MAX else "")


def told_of_lost_channel(county: str) -> str:
    """Our store was restored, and somebody holds events of a channel that we opened after the backup."""
    return (
        f"已恢复备份：{_county(county)}处有本县在备份之后新开通道发出的消息，"
        "对方不缺，本库没有，请按恢复手册向对方核对补记"
    )


def told_of_expiry(title: str, ends_at: datetime) -> str:
    """Something this node stands on comes to its end."""
    return f"{title}将于 {ends_at.astimezone(BEIJING):%Y-%m-%d %H:%M} 到期，请按运维手册及时更换"


def told_of_case(case_id: str, what: str, on: date, source: str, *, passed: bool) -> str:
    """A day of a case of joint mediation has come, or is near."""
    when = "已过" if passed else f"为 {on:%Y-%m-%d}"
    return f"联合调解案件 {case_id[:10]} 的{what}{when}（{source}），请用 sihu case next {case_id[:10]} 查看"


def told_of_quiet(county: str, phone: str, last: datetime | None) -> str:
    """No beacon of a partner for two intervals."""
    since = f"自 {last.astimezone(BEIJING):%m-%d %H:%M:%S} 起" if last else "至今"
    return f"{_county(county)}{since}没有信标，其节点或线路可能中断，请电话 {phone} 核实"


def told_of_missing_links(
    county: str, channel: str, runs: Iterable[tuple[int, int]], asked: str, said_by: Iterable[str]
) -> str:
    """Links exist, by somebody's word or by what follows them, and are not here."""
    which = "、".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)
    by = "、".join(name_of(code) for code in said_by)
    word = f"据{by}信标，" if by else ""
    return f"{word}{_county(county)}在通道 {channel[:8]} 的第 {which} 条未到本县，已向{name_of(asked)}索取"[:200]


def told_of_contradiction(county: str, channel: str, seq: int, claimant: str) -> str:
    """A beacon names another event than we hold; until it is proved it is a word against a word."""
    place = f"（通道 {channel[:8]} 第 {seq} 条）"
    if claimant == county:
        return f"{_county(county)}的信标与本县所持不符{place}，疑有两个版本，正在取证，请电话核实"
    witness = name_of(claimant)
    return f"据{witness}信标，{_county(county)}给{witness}与给本县的版本不同{place}，正在取证，请电话核实"


def told_of_dropped(county: str, channel: str, count: int) -> str:
    """A county goes on in a new epoch without links that it signed and we hold."""
    return (
        f"{_county(county)}换了新纪元，丢下本县已收的 {count} 条（通道 {channel[:8]}），"
        "多半是恢复了旧备份，请电话告知对方补记"
    )


def told_of_exhausted(county: str, headline: str) -> str:
    """Everybody was told and nobody took it."""
    return f"【无人签收】{_county(county)}的预警已通知全部值班人员，无人签收，请立即人工打电话：{headline}"[:200]


def told_of_overdue(county: str, headline: str) -> str:
    """The county's own deadline has passed."""
    return f"{_county(county)}的预警本县未按时签收：{headline}"[:200]


def told_of_gap(tier: Tier) -> str:
    """Nobody is on duty in a tier that an alert had to be told to."""
    return f"值班表有缺口：现在没有{_TIERS[tier]}可通知，请立即安排"


def told_of_opt_out(display: str) -> str:
    """退订 came from a duty number."""
    return f"{display}的值班号码发来退订，号码仍在用，请带班领导核实并重新登记"


def told_of_silent_number(display: str, medium: Medium, tested_at: datetime) -> str:
    """A number did not answer its monthly test page."""
    day = f"{tested_at.astimezone(BEIJING):%m-%d}"
    return f"{display}的{_MEDIA.get(medium, medium.value)}号码 {day} 每月核对未获答复，请联络员核实号码并重新登记"


def told_of_unerased(county: str, phone: str, referral_id: str) -> str:
    """A neighbour has not said within 24 hours that it erased."""
    return f"{_county(county)}一天内未确认销毁对接单 {referral_id[:8]} 的内容，请电话 {phone} 核实"


def told_of_waiting(item: str, request_id: str, office: str, due_at: datetime) -> str:
    """A request waits for an office longer than it was promised."""
    return (
        f"跨省通办「{item}」（{request_id[:8]}）应于 {due_at.astimezone(BEIJING):%m-%d %H:%M} 前由{office}办理，已超期"[
            :200
        ]
    )


def told_of_provider(name: str, problem: str) -> str:
    """A provider refuses for good, or is down; ``problem`` is as ``provider_words.problem_zh`` takes it."""
    return f"通知线路 {name} 不通：{problem_zh(problem)}"[:200]


def told_of_no_provider(medium: Medium) -> str:
    """A page could go out by none of the configured ways."""
    return f"没有可用的{_MEDIA.get(medium, medium.value)}线路，通知没有发出，已改用别的方式，请检查线路设置"


def told_of_unheard(county: str, phone: str) -> str:
    """A partner's beacons come, and confirm none of ours: one way is broken, or somebody holds them up."""
    return f"{_county(county)}的信标能到，但一直没有确认本县的信标：单向中断或有人扣压，请电话 {phone} 核实"
