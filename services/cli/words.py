"""What stages, answers, means and kinds are called at the desk; and what may be typed instead of a code."""

from collections.abc import Mapping
from typing import Final

from schemas.catalogue import TYPES
from schemas.control import ReceiptStage
from schemas.counties import COUNTIES, name_of
from schemas.errors import Fault, RequestError
from schemas.ids import is_county
from schemas.notices import NoticeKind
from schemas.officers import AnswerWord, Means
from schemas.records import Mark

STAGES: Final[Mapping[ReceiptStage, str]] = {
    ReceiptStage.STORED: "已入库",
    ReceiptStage.HANDED_OVER: "已送达",
    ReceiptStage.ACKNOWLEDGED: "[green]已签收[/]",
    ReceiptStage.ACTIONED: "[green]已处置[/]",
    ReceiptStage.DECLINED: "[red]不能处置[/]",
    ReceiptStage.REJECTED: "[red]拒收[/]",
    ReceiptStage.EXPIRED: "[yellow]已过期[/]",
    ReceiptStage.EXHAUSTED: "[bold red]无人应答[/]",
}
ANSWERS: Final[Mapping[str, str]] = {
    AnswerWord.RECEIVED: "收到",
    AnswerWord.HANDLING: "处置",
    AnswerWord.PASSED_ON: "转",
    AnswerWord.FALSE_ALARM: "误报",
    AnswerWord.CANNOT: "不能",
}
MEANS: Final[Mapping[str, str]] = {
    Means.KEY_FILE: "本人密钥签名",
    Means.TOKEN: "令牌",
    Means.VOICE_PIN: "电话密码",
    Means.SMS_NUMBER: "短信回复",
}
MARKS: Final[Mapping[Mark, str]] = {
    Mark.PREDECESSOR_MISSING: "前序预警缺失",
    Mark.CLOCK_AHEAD: "时钟超前",
    Mark.EXPIRES_DIFFER: "失效时间不一致",
}
NOTICES: Final[Mapping[NoticeKind, str]] = {
    NoticeKind.NOT_STORED: "[bold red]未入库[/]",
    NoticeKind.NOT_ACKNOWLEDGED: "[bold red]未签收[/]",
    NoticeKind.REFUSED: "[red]对方拒收[/]",
    NoticeKind.QUARANTINED: "[yellow]已隔离[/]",
    NoticeKind.FORKED: "[bold red]通道分叉[/]",
    NoticeKind.OWN_UNKNOWN: "[bold red]旧备份或双机[/]",
    NoticeKind.EXPIRING: "[yellow]将到期[/]",
    NoticeKind.KEY_REVOKED: "[bold red]密钥已吊销[/]",
    NoticeKind.CLOCK_AHEAD: "[yellow]时钟超前[/]",
    NoticeKind.PREDECESSOR_MISSING: "[yellow]前序预警缺失[/]",
    NoticeKind.SILENT: "[bold red]邻县无声[/]",
    NoticeKind.TWINS: "[bold red]双机运行[/]",
    NoticeKind.EPOCH_DROPPED: "[bold red]对方丢失[/]",
    NoticeKind.MISSING: "[bold red]消息缺失[/]",
    NoticeKind.EXHAUSTED: "[bold red]无人签收[/]",
    NoticeKind.OVERDUE: "[bold red]签收超时[/]",
    NoticeKind.COVERAGE_GAP: "[red]值班缺口[/]",
    NoticeKind.SOURCE_NOT_TOLD: "[red]未告知来源[/]",
    NoticeKind.NOT_COUNTERSIGNED: "[bold red]未补签[/]",
    NoticeKind.CASE_DUE: "[yellow]调解期限[/]",
    NoticeKind.NOT_ERASED: "[bold red]未确认销毁[/]",
    NoticeKind.SERVICE_OVERDUE: "[red]通办超期[/]",
    NoticeKind.PROVIDER_DOWN: "[red]线路不通[/]",
    NoticeKind.CAP_HELD: "[red]预警文件待办[/]",
    NoticeKind.CAP_FEED: "[yellow]预警源异常[/]",
    NoticeKind.CAP_ANSWER: "[yellow]外部系统未接收[/]",
}


def county_name(code: str) -> str:
    """Name a county in a narrow column: Chinese name, or the code where the table lacks it."""
    return name_of(code)


def county_code(text: str) -> str:
    """Return the code of a county that was typed as code or as Chinese name.

    Raises:
        RequestError: It is neither.
    """
    if is_county(text):
        return text
    found = [one.code for one in COUNTIES.values() if text in {one.short_name, one.full_name}]
    if len(found) != 1:
        mend = f"`{text}` is no county known here; give its division code of six digits"
        raise RequestError(Fault("request.county", "--to", mend))
    return found[0]


def whole_type(text: str | None) -> str | None:
    """Complete a wire type that was typed by its last part, e.g. ``alert_issued``, or its Chinese title.

    Raises:
        RequestError: No single type of the catalogue fits.
    """
    if text is None or text.startswith("cn.sihu."):
        return text
    found = [one.wire_type for one in TYPES if text in one.wire_type.split(".") or text == one.title_zh]
    if len(found) != 1:
        mend = f"there is no single type `{text}`; `sihu schema` lists them"
        raise RequestError(Fault("event.unknown_type", "--type", mend))
    return found[0]
