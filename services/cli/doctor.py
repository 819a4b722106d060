"""``sihu doctor``: everything a county's node stands on, step by step, each with its mend."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import typer

from schemas.errors import Fault, NotFoundError, RequestError, UnavailableError
from schemas.officers import OfficerCredential
from schemas.registry import KeyUse
from services.cli import link, output
from services.cli.client import Api, ask
from services.cli.desk import Desk, key_file, sure
from services.cli.findings import Finding, State, Step
from services.cli.options import HERE, AsJson, Dir, PassphraseFile
from services.domain.ceremony import lists_us_truly
from services.domain.governance import judge_officer
from services.domain.key_ends import keys_in_force
from services.domain.trust import Trust
from services.domain.trust_files import PINS_FILE, load_officers

_SOON: Final = timedelta(days=30)
_ROOMY: Final = 4  # times the floor


_SHOWN: Final = {
    State.OK: "[green]✓ 正常[/]",
    State.WARN: "[yellow]! 注意[/]",
    State.FAIL: "[bold red]✗ 故障[/]",
}


def doctor(*, directory: Dir = HERE, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """Check settings, keys, trust, hub, partners, node, clock, disk and database; ends with 1 if anything fails."""
    desk = Desk(directory, passphrase_file)
    found: list[tuple[str, Finding]] = []
    for name, step in STEPS.items():
        found += [(name, finding) for finding in _taken(step, desk)]
        if name == _FIRST and found[-1][1].state is State.FAIL:
            break  # without settings every other step would only say so again
    _report(found, as_json=as_json)
    if any(finding.state is State.FAIL for _, finding in found):
        raise typer.Exit(1)


def _taken(step: Step, desk: Desk) -> Iterator[Finding]:
    try:
        yield from step(desk)
    except RequestError as exc:
        yield from (_failed(fault) for fault in exc.faults)
    except UnavailableError as exc:
        yield Finding(State.FAIL, str(exc))


def _failed(fault: Fault) -> Finding:
    return Finding(State.FAIL, fault.field or fault.code, f"{fault.mend} [{fault.code}]")


def _settings(desk: Desk) -> Iterator[Finding]:
    settings = desk.settings
    yield Finding(State.OK, f"{output.county(settings.county)} {settings.office} {desk.directory}")
    if settings.county != desk.card.member.county:
        yield Finding(State.FAIL, f"the card is of {desk.card.member.county}", "put county.toml and card.json together")


def _trust_of(desk: Desk) -> Trust | None:
    return desk.loaded_trust().trust if desk.files.exists(PINS_FILE) else None


def _keys(desk: Desk) -> Iterator[Finding]:
    for use in (KeyUse.EVENT, KeyUse.RECEIPT):
        signer = desk.signer(use)
        known = {key.kid for key in keys_in_force(desk.card.member, _trust_of(desk)) if key.use is use}
        if signer.kid in known:
            yield Finding(State.OK, f"{use} {signer.kid}")
        else:
            yield Finding(State.FAIL, f"{use} {signer.kid}", "it is not the key of the card; put the right file back")
    desk.files.open_key(desk.settings.hub.nkey_file.as_posix(), desk.passphrase)
    offline = [use for use in (KeyUse.GOVERNANCE, KeyUse.RECOVERY) if desk.files.exists(key_file(use))]
    if offline:
        mend = "a node never needs them: move them to a stick in the safe once nothing waits to be signed"
        yield Finding(State.WARN, f"{' and '.join(offline)} key on this machine", mend)


def _registry(desk: Desk) -> Iterator[Finding]:
    trust = desk.loaded_trust().trust
    registry = trust.registry
    text = f"version {registry.version}, {len(registry.members)} members, digest {trust.registry_digest[:16]}…"
    yield _until(text, registry.expires_at, desk.now(), "let the members sign the next version")
    fault = lists_us_truly(registry, desk.card.member)
    if fault is not None:
        yield _failed(fault)


def _agreements(desk: Desk) -> Iterator[Finding]:
    loaded = desk.loaded_trust()
    for one in loaded.trust.agreements.values():
        text = f"{one.agreement.id}@{one.agreement.version}, {len(one.agreement.parties)} parties"
        yield _until(text, one.agreement.valid_until, desk.now(), "let the parties sign the next version")
    yield from (_failed(fault) for fault in loaded.left_out)
    if not loaded.trust.agreements:
        yield Finding(State.WARN, "no agreement is adopted", "nothing can be sent; see `sihu agreement`")


def _officers(desk: Desk) -> Iterator[Finding]:
    trust, now, count = desk.loaded_trust().trust, desk.now(), 0
    for document in sure(load_officers(desk.files.read_all(("officers/*.json",)))).values():
        count += 1
        judged = judge_officer(document, trust, desk.settings.county, now)
        if isinstance(judged, OfficerCredential):
            yield _until(f"{judged.officer} {judged.display_name}", judged.expires_at, now, "revoke and add again")
        else:
            yield _failed(judged)
    if count == 0:
        yield Finding(State.WARN, "no officer", "nobody can acknowledge; see `sihu officer add`")


def _tokens(desk: Desk) -> Iterator[Finding]:
    tokens = [one for one in desk.county.access.read() if one.revoked_at is None]
    for one in tokens:
        if one.expires_at - desk.now() < _SOON:
            yield _until(f"token {one.name}", one.expires_at, desk.now(), f"`sihu token revoke {one.name}`, issue anew")
    yield Finding(State.OK, f"{len(tokens)} in force")


def _certificate(desk: Desk) -> Iterator[Finding]:
    from services.bootstrap.checks import certificate_days

    name = desk.settings.hub.certificate_file.as_posix()
    if not any(url.startswith("tls://") for url in desk.settings.hub.urls):
        yield Finding(
            State.WARN, "the link has no TLS", "fine for an own leaf on this machine; else set tls:// in [hub] urls"
        )
        return
    if not desk.files.exists(name):
        mend = "give card.json to the hub's operator and put the certificate there (`sihu hub certify`)"
        raise NotFoundError(Fault("certificate.not_found", name, mend))
    days = certificate_days(desk.files.read(name), desk.now())
    yield _until(name, desk.now() + timedelta(days=days), desk.now(), "let the hub's operator sign the card again")


def _node(desk: Desk) -> Iterator[Finding]:
    async def work(api: Api) -> tuple[str, int]:
        ready = await api.readiness()
        notices = await api.notices(open_only=True)
        return "、".join(sorted(ready.checks)), len(notices.notices)

    checks, open_notices = ask(desk, work)
    yield Finding(State.OK, f"ready at {desk.settings.api.address} ({checks or 'no checks'})")
    if open_notices:
        yield Finding(State.WARN, f"{open_notices} open notices", "`sihu notices` lists them")


def _clock(desk: Desk) -> Iterator[Finding]:
    from services.bootstrap.checks import is_synchronised

    now, synchronised = output.moment(desk.now()), is_synchronised()
    if synchronised:
        yield Finding(State.OK, f"{now} Beijing time, set by a time service")
    else:
        unknown = "cannot be asked" if synchronised is None else "no time service sets it"
        yield Finding(
            State.WARN, f"{now} Beijing time; {unknown}", "run chrony or systemd-timesyncd; compare by telephone"
        )


def _disk(desk: Desk) -> Iterator[Finding]:
    from services.bootstrap.checks import free_mib

    free, floor = free_mib(desk.settings), desk.settings.store.floor_mib
    state = State.FAIL if free < floor else State.WARN if free < floor * _ROOMY else State.OK
    mend = "" if state is State.OK else f"make room; below {floor:,} MiB the node takes no more events"
    yield Finding(state, f"{free:,} MiB free", mend)


def _store(desk: Desk) -> Iterator[Finding]:
    from services.bootstrap.checks import store_problems

    problems = store_problems(desk.settings)
    if problems is None:
        yield Finding(State.WARN, "no database yet", "the node makes it at its first start")
    elif not problems:
        yield Finding(State.OK, f"{desk.settings.at(desk.settings.store.path)} is whole")
    else:
        yield from (Finding(State.FAIL, problem, "stop the node and restore a backup") for problem in problems)


def _until(text: str, end: datetime, now: datetime, mend: str) -> Finding:
    if end <= now:
        return Finding(State.FAIL, f"{text}, ended {output.day(end)}", mend)
    if end - now < _SOON:
        return Finding(State.WARN, f"{text}, until {output.day(end)}, {(end - now).days} days left", mend)
    return Finding(State.OK, f"{text}, until {output.day(end)}")


_FIRST: Final = "设置 settings"
STEPS: Final[dict[str, Step]] = {
    _FIRST: _settings,
    "密钥 keys": _keys,
    "名册 registry": _registry,
    "协议 agreements": _agreements,
    "人员 officers": _officers,
    "令牌 tokens": _tokens,
    "证书 certificate": _certificate,
    "枢纽 hub": link.hub,
    "邻县 partners": link.partners,
    "节点 node": _node,
    "时钟 clock": _clock,
    "磁盘 disk": _disk,
    "数据库 store": _store,
}


def _report(found: list[tuple[str, Finding]], *, as_json: bool) -> None:
    if as_json:
        steps = [
            {"step": name.split()[-1], "state": one.state, "text": one.text, "mend": one.mend} for name, one in found
        ]
        output.print_json({"ok": all(one.state is not State.FAIL for _, one in found), "steps": steps})
        return
    rows = []
    for at, (name, one) in enumerate(found):
        repeated = at > 0 and found[at - 1][0] == name
        mend = f"\n[dim]→[/] {output.plain(one.mend)}" if one.mend else ""
        rows.append(("" if repeated else name, _SHOWN[one.state], f"{output.plain(one.text)}{mend}"))
    output.show(output.table("体检 doctor", "项目 step", "结果", "*说明 finding", rows=rows))
