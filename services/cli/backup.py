"""``sihu backup`` and ``sihu restore``: one file that holds a county, made while its node runs."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli.options import HERE, AsJson, Dir

if TYPE_CHECKING:
    from services.bootstrap.upkeep import BackedUp, Told

NewFile = Annotated[Path, typer.Argument(metavar="FILE", help="The backup; a file that does not exist yet.")]
OldFile = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]
EmptyDir = Annotated[Path, typer.Option("--dir", envvar="SIHU_DIR", metavar="DIR", help="Where the county will live.")]
WithoutKeys = Annotated[bool, typer.Option("--without-keys", help="Leave the private keys out.")]
CheckOnly = Annotated[bool, typer.Option("--check", help="Read the backup through and write nothing.")]

_TENTHS: Final = 10


def backup(file: NewFile, *, without_keys: WithoutKeys = False, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Copy a county to a file while its node runs: database, settings, trust, officers, keys as encrypted at rest."""
    from services.bootstrap.upkeep import back_up_county
    from services.cli.desk import Desk

    desk = Desk(directory)
    made = back_up_county(desk.settings, file, with_keys=not without_keys, now=desk.now(), told=progress_on_stderr())
    _report("备份完成并已核对 backed up and verified", made, as_json=as_json)


def restore(file: OldFile, *, directory: EmptyDir = HERE, check: CheckOnly = False, as_json: AsJson = False) -> None:
    """Bring a backup back into a directory that holds nothing of a county; nothing is overwritten."""
    from services.bootstrap.upkeep import check_backup

    if check:
        _report("备份完好 the backup holds", check_backup(file, progress_on_stderr()), as_json=as_json)
        return
    _restore(file, directory, as_json=as_json)


def _restore(file: Path, directory: Path, *, as_json: bool) -> None:
    from services.bootstrap.restoring import restore_county
    from services.cli import output

    done = restore_county(file, directory, told=progress_on_stderr())
    if as_json:
        facts = {
            "county": done.manifest.county,
            "made_at": output.wire_time(done.manifest.made_at),
            "dir": str(directory),
            "database": str(done.database),
            "reopened": done.retired,
            "missing_keys": list(done.missing_keys),
            "missing_passphrase_file": str(done.passphrase_file) if done.passphrase_file else None,
        }
        output.print_json(facts)
        return
    output.show(
        f"[bold]{output.county(done.manifest.county)}[/] 已恢复 restored: {output.plain(str(directory))}",
        f"备份时间 backed up  {output.moment(done.manifest.made_at)}；此后发出的不在本库 later ones are not here",
        f"通道 channels      {done.retired} 条将以新纪元续发 will open a new epoch before their next event",
        *(f"[yellow]缺密钥 key missing[/]  {output.plain(name)}" for name in done.missing_keys),
    )
    if done.passphrase_file is not None:
        output.show(f"[yellow]缺口令文件 passphrase file missing[/]  {output.plain(str(done.passphrase_file))}")
    output.show("下一步 next: sihu doctor, then start the node; see the runbook restore.md")


def _report(what: str, made: "BackedUp", *, as_json: bool) -> None:
    from services.cli import output

    manifest = made.manifest
    if as_json:
        facts = manifest.model_dump(mode="json", exclude={"files", "tokens", "format", "version"})
        names = [file.name for file in manifest.files]
        output.print_json({"file": str(made.path), "size": made.size, "digest": made.digest, **facts, "files": names})
        return
    counts = manifest.counts
    keys = "密钥在内（加密） keys included, encrypted" if manifest.with_keys else "不含密钥 without keys"
    output.show(
        f"[bold]{what}[/]: {output.plain(str(made.path))}",
        f"县 county   {output.county(manifest.county)}，{output.moment(manifest.made_at)}",
        f"内容 holds  {counts.get('events_out', 0):,} 发出 sent, {counts.get('events_in', 0):,} 收到 received, "
        f"{len(manifest.files)} 个文件 files, {made.size:,} 字节 bytes",
        f"密钥 keys   {keys}",
        f"摘要 digest {made.digest}",
    )


def progress_on_stderr() -> "Told":
    """Return what shows progress on standard error: each tenth on a line, or in place on a terminal."""
    shown: dict[str, int] = {}

    def told(what: str, done: int, whole: int) -> None:
        tenth = _TENTHS * done // max(whole, 1)
        if tenth == shown.get(what, -1):
            return
        shown[what] = tenth
        ending = "\r" if sys.stderr.isatty() and tenth < _TENTHS else "\n"
        sys.stderr.write(f"sihu: {what}: {done:,} / {whole:,}{ending}")
        sys.stderr.flush()

    return told
