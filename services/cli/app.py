"""The table of commands, and the one place where an error becomes a line and an exit code.

Nothing but the standard library is imported before a command is chosen, so that ``sihu --help`` answers at once.
"""

import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final

from schemas.errors import RequestError, UnavailableError

if TYPE_CHECKING:
    from typer import Typer

    from schemas.errors import Fault

USAGE: Final = 2
REFUSED: Final = 3
UNAVAILABLE: Final = 4

REFUSING: Final = frozenset(
    {"access", "agreement", "card", "document", "officer", "registry", "sharing", "signature", "trust"}
)
"""Families of codes by which sharing or trust refuses; any other fault is a matter of usage."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One command.

    Attributes:
        group: Heading in the help.
        target: ``module:attribute``: a function (one command) or a ``typer.Typer`` (a group of them).
        zh: What an officer calls it.
        help: One line.
    """

    group: str
    target: str
    zh: str
    help: str


_DESK: Final = "值班 At the desk"
_TRUST: Final = "信任 Trust"
_NODE: Final = "运行 Running"

COMMANDS: Final[Mapping[str, Entry]] = {
    "send": Entry(_DESK, "services.cli.sending:send", "发送", "send an event from a file, standard input or fields"),
    "draft": Entry(_DESK, "services.cli.draft:app", "稿件", "drafts and their second officer: make, approve, send"),
    "inbox": Entry(_DESK, "services.cli.listing:inbox", "收件", "events that came in, newest first"),
    "sent": Entry(_DESK, "services.cli.listing:sent", "已发", "events that this county sent, and how far they came"),
    "show": Entry(_DESK, "services.cli.showing:show", "查看", "one event: content, signature, deliveries"),
    "receipts": Entry(_DESK, "services.cli.showing:receipts", "回执", "every receipt that covers an event"),
    "save": Entry(_DESK, "services.cli.filing:save", "保存", "save the file that goes with an event"),
    "evidence": Entry(_DESK, "services.cli.evidence:evidence", "取证", "one event and all its proof, as a file"),
    "verify": Entry(_DESK, "services.cli.verifying:verify", "验证", "judge an evidence file, offline"),
    "forks": Entry(_DESK, "services.cli.forks:forks", "分叉", "proofs that a county told two stories"),
    "acknowledge": Entry(_DESK, "services.cli.sending:acknowledge", "签收", "answer an event as a named officer"),
    "cap": Entry(_DESK, "services.cli.cap:app", "预警交换", "CAP 1.2: import, export, sign, verify; what waits"),
    "search": Entry(_DESK, "services.cli.search:search", "查找", "find events by words of their content"),
    "watch": Entry(_DESK, "services.cli.watching:watch", "守看", "a live table of what happens"),
    "called": Entry(_DESK, "services.cli.calling:called", "电话", "record that a neighbour was told by telephone"),
    "erase": Entry(_DESK, "services.cli.erasing:erase", "销毁", "erase the content of a sent event everywhere"),
    "referral": Entry(_DESK, "services.cli.referral:app", "服务对接", "one person's case for a neighbour's office"),
    "service": Entry(_DESK, "services.cli.service:app", "跨省通办", "requests that another county decides"),
    "plan": Entry(_DESK, "services.cli.plan:app", "联合应急", "joint plans, drills, checks along the border"),
    "flow": Entry(_DESK, "services.cli.flow:app", "流动人口", "make a report of counts that gives nobody away"),
    "openings": Entry(_DESK, "services.cli.openings:openings", "查阅记录", "who was shown personal content, and why"),
    "audit": Entry(
        _DESK, "services.cli.audit:audit", "审计", "what people did in the console, and whether it is whole"
    ),
    "case": Entry(_DESK, "services.cli.case:app", "调解", "joint mediation: list, show, next, add, print, evidence"),
    "notices": Entry(_DESK, "services.cli.notices:app", "提醒", "what this county's duty officer must know; close"),
    "pages": Entry(_DESK, "services.cli.pages:app", "通知", "who is told of what; silences, drills, providers"),
    "roster": Entry(_DESK, "services.cli.roster:app", "值班表", "who is on duty; gaps, swaps, hand-over, .ics"),
    "campaigns": Entry(_DESK, "services.cli.campaigns:app", "联合活动", "joint campaigns: who comes; the calendar"),
    "offers": Entry(_DESK, "services.cli.offers:app", "资源供给", "what counties offer, and what was agreed"),
    "projects": Entry(_DESK, "services.cli.projects:app", "合作项目", "projects held in common, and their milestones"),
    "ledger": Entry(_DESK, "services.cli.ledger:ledger", "台账", "figures of a period: terminal, .xlsx, PDF, brief"),
    "quarantine": Entry(_DESK, "services.cli.listing:quarantine", "隔离", "messages that were refused, and why"),
    "members": Entry(_DESK, "services.cli.key:members", "成员", "counties of the registry, telephones"),
    "init": Entry(_TRUST, "services.cli.init:init", "建立", "make a county's directory: keys, settings, member card"),
    "registry": Entry(_TRUST, "services.cli.registry:app", "名册", "propose, sign, assemble, show, trust"),
    "agreement": Entry(
        _TRUST, "services.cli.agreement:app", "协议", "propose, sign, assemble, adopt, suspend, list, show"
    ),
    "officer": Entry(_TRUST, "services.cli.officer:app", "人员", "add, list, revoke: who may answer in our name"),
    "token": Entry(_TRUST, "services.cli.token:app", "令牌", "issue, list, revoke: who may call the API"),
    "key": Entry(_TRUST, "services.cli.key:app", "密钥", "list, show, rotate, revoke, adopt, changes, card"),
    "doctor": Entry(_NODE, "services.cli.doctor:doctor", "体检", "check everything, step by step, with the mend"),
    "schema": Entry(_NODE, "services.cli.schema:schema", "模式", "JSON Schemas of the catalogue"),
    # One line for a new command; the module is imported only when it is called.
    "node": Entry(_NODE, "services.cli.node:node", "节点", "run this county's node"),
    "hub": Entry(_NODE, "services.cli.hub:app", "枢纽", "run a hub and its certificate authority"),
    "leaf": Entry(_NODE, "services.cli.hub:leaf", "叶节点", "run a county's own leaf server"),
    "backup": Entry(_NODE, "services.cli.backup:backup", "备份", "copy a county to a file while it runs"),
    "restore": Entry(_NODE, "services.cli.backup:restore", "恢复", "bring a backup back"),
    "demo": Entry(_NODE, "services.cli.demo:demo", "演示", "a hub and six counties on this machine"),
    "bench": Entry(_NODE, "services.cli.bench:app", "测速", "measure, beside bare nats-py"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Without the program's name; those of the process if None.

    Returns:
        0, or 2 (usage or request), 3 (refused by sharing or trust), 4 (unavailable); a bug raises and so ends with 1.
    """
    _spell_what_the_terminal_can()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in {"-h", "--help", "help"}:
        sys.stdout.write(overview())
        return 0 if words else USAGE
    if words[0] in {"-V", "--version"}:
        return _print_version()
    entry = COMMANDS.get(words[0])
    if entry is None:
        near = get_close_matches(words[0], COMMANDS, n=1)
        meant = f"did you mean `sihu {near[0]}`?" if near else "`sihu --help` lists the commands"
        return _say(f"there is no command `{words[0]}`; {meant}", USAGE)
    return _run(words[0], entry, words[1:])


def _spell_what_the_terminal_can() -> None:
    """Print a question mark for what a terminal of another encoding (GBK, POSIX) lacks, instead of a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


_ZH_COLUMNS: Final = 10
"""Four Chinese characters and a gap."""


def overview() -> str:
    """Return the table of commands as text."""
    lines = [
        "Sihu 四互: a signed event bus between neighbouring counties",
        "usage 用法: sihu COMMAND [ARGUMENTS]; `sihu COMMAND --help` explains one",
    ]
    for group in dict.fromkeys(entry.group for entry in COMMANDS.values()):
        lines += ["", group]
        lines += [
            f"  {name:<12}{_padded(entry.zh, _ZH_COLUMNS)}{entry.help}"
            for name, entry in COMMANDS.items()
            if entry.group == group
        ]
    return "\n".join([*lines, ""])


def _padded(text: str, columns: int) -> str:
    """Fill up to a number of terminal columns; a Chinese character takes two."""
    taken = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
    return text + " " * (columns - taken)


def _print_version() -> int:
    from importlib.metadata import version

    sys.stdout.write(f"sihu {version('sihu')}\n")
    return 0


def _run(name: str, entry: Entry, arguments: list[str]) -> int:
    import typer

    try:
        app = _typer_app(entry.target)
        code = typer.main.get_command(app).main(args=arguments, prog_name=f"sihu {name}", standalone_mode=False)
    except typer.TyperException as exc:
        context = getattr(exc, "ctx", None)
        whole = context.command_path if context is not None else f"sihu {name}"
        return _say(f"{exc.format_message().rstrip('.')}; `{whole} --help` explains it", USAGE)
    except typer.Abort:
        return _say("given up; nothing was changed", USAGE)
    except RequestError as exc:
        return _refuse(exc)
    except UnavailableError as exc:
        return _say(str(exc), UNAVAILABLE)
    return code if isinstance(code, int) else 0


def _typer_app(target: str) -> "Typer":
    import typer

    module, _, attribute = target.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        return found
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(found)
    return app


def _refuse(error: RequestError) -> int:
    more = [_short(fault, error.fault.code) for fault in error.faults[1:]]
    also = f" (also: {', '.join(more)})" if more else ""
    return _say(f"{error.fault}{also}", exit_code_of(error.fault))


def _short(fault: "Fault", said: str) -> str:
    """Name the field of a further fault, and its code where that is another one than was said already."""
    return fault.field if fault.code == said else f"{fault.field} [{fault.code}]"


def exit_code_of(fault: "Fault") -> int:
    """Return 3 for what sharing or trust refuses, 2 for everything else."""
    return REFUSED if fault.code.partition(".")[0] in REFUSING else USAGE


def _say(line: str, code: int) -> int:
    sys.stderr.write(f"sihu: {' '.join(line.split())}\n")
    return code
