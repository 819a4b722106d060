"""操作日志: what people did in the console, and whether the log is whole."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from schemas.errors import Fault, RequestError
from services.console.navigation import LOG_READERS
from services.console.visit import Page, Visit
from services.domain.account_words import ACTS, FAMILIES, note_zh
from services.gateway.audit_answers import AuditList

_SHOWN: Final = 100
_OF_PAGES: Final = "console"


async def audit_log(visit: Visit) -> web.StreamResponse:
    """Show the newest lines, of one officer or one act if that is asked for."""
    asked = {name: visit.query(name) for name in ("officer", "act", "since")}
    faults: tuple[Fault, ...] = ()
    try:
        found = await _listed(visit, asked)
    except RequestError as refusal:
        if not any(asked.values()):
            raise
        faults, found = refusal.faults, await _listed(visit, {})
    last = found.lines[-1].number if len(found.lines) == _SHOWN else 0
    values = {
        "found": found,
        "asked": asked,
        "faults": faults,
        "families": _choices(visit.hall.titles),
        "note_zh": note_zh,
        "word_of": lambda act: word_of(act, visit.hall.titles),
        "next_path": _path(asked | {"since": str(last)}) if last else None,
        "first_path": _path(asked | {"since": None}) if asked["since"] else None,
    }
    return visit.render("audit_log.html", values, 422 if faults else 200)


async def export_log(visit: Visit) -> web.StreamResponse:
    """Hand the whole log over as a file."""
    return await visit.api.fetch("export_audit")


async def _listed(visit: Visit, asked: Mapping[str, str | None]) -> AuditList:
    return await visit.api.ask("list_audit", AuditList, query={"limit": _SHOWN, "newest": True, **asked})


def word_of(act: str, titles: Mapping[str, str]) -> str:
    """Return what an act is called; one that this version does not know by its own name."""
    family, _, name = act.partition(".")
    return titles.get(name, act) if family == _OF_PAGES else ACTS.get(act, act)


def _choices(titles: Mapping[str, str]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    acts = {**ACTS, **{f"{_OF_PAGES}.{name}": title for name, title in titles.items()}}
    return [
        (family, word, [(act, said) for act, said in acts.items() if act.partition(".")[0] == family])
        for family, word in FAMILIES.items()
    ]


def _path(asked: Mapping[str, str | None]) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/audit/log?{query}" if query else "/audit/log"


AUDIT_LOG: Final = (
    Page("GET", "/audit/log", "audit_log", "操作日志", audit_log, LOG_READERS, "audit"),
    Page("GET", "/audit/log/export", "export_audit_log", "导出操作日志", export_log, LOG_READERS, "audit"),
)
