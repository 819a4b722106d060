"""Judge a ``sihu …`` command that a document or a unit shows: does it exist, with these options and arguments?"""

import re
import shlex
from collections.abc import Iterator
from typing import Any, Final

import typer

from services.cli.app import COMMANDS, _typer_app

_BLOCK: Final = re.compile(r"^```(?:sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE: Final = re.compile(r"`(?:python3 run\.py )?(sihu [^`\n]+)`")
_PROMPT: Final = re.compile(
    r"^(?:\S+[$#] |[$#] )?(?:sudo (?:-u \S+ )?)?(?:env \S+ )?(?:/opt/sihu/bin/|python3 run\.py )?(?P<command>sihu .*)$"
)
_OF_THE_PROGRAM: Final = frozenset({"--help", "--version"})


def blocks_in(text: str) -> Iterator[str]:
    """Yield every line of the shell blocks of a document, comments and continued lines taken together."""
    for body in _BLOCK.findall(text):
        for line in body.replace("\\\n", " ").splitlines():
            yield line.partition("  # ")[0].strip()


def shown_in(text: str) -> Iterator[str]:
    """Yield every whole ``sihu`` command that a document's shell blocks show."""
    for line in blocks_in(text):
        for part in re.split(r" && | \| |; ", line):
            if found := _PROMPT.match(part.strip()):
                yield found["command"]


def mentioned_in(text: str) -> Iterator[str]:
    """Yield every ``sihu …`` that a document mentions in its sentences; arguments may be left out there."""
    yield from _INLINE.findall(text)


def judge_command(command: str) -> str:
    """Say what is wrong with a whole command; empty if it would be taken."""
    words = shlex.split(command, comments=True)
    name, rest = words[1], words[2:]
    if name in _OF_THE_PROGRAM:
        return ""
    if name not in COMMANDS:
        return f"{command}: there is no command {name}"
    parser = typer.main.get_command(_typer_app(COMMANDS[name].target))
    try:
        _parse(parser, name, [word for word in rest if word != "--help"], told_all="--help" in rest)
    except typer.TyperException as exc:
        return f"{command}: {exc.format_message()}"
    return ""


def judge_mention(command: str) -> str:
    """Say what is wrong with a command of which only a part is shown."""
    words = shlex.split(command)
    if words[1] in _OF_THE_PROGRAM:
        return ""
    if words[1] not in COMMANDS:
        return f"{command}: there is no command {words[1]}"
    parser: Any = typer.main.get_command(_typer_app(COMMANDS[words[1]].target))
    if hasattr(parser, "commands") and len(words) > 2 and not words[2].startswith("-"):
        names = words[2].split("/")
        if missing := [name for name in names if name not in parser.commands]:
            return f"{command}: there is no {missing}"
        parser = parser.commands[names[0]]
    known = {option for param in parser.params for option in param.opts} | {"--help"}
    strange = [word for word in words[2:] if word.startswith("-") and word.partition("=")[0] not in known]
    return f"{command}: there is no {strange}" if strange else ""


def _parse(parser: Any, name: str, rest: list[str], *, told_all: bool) -> None:  # noqa: ANN401 - click's own types
    if hasattr(parser, "commands") and rest and not rest[0].startswith("-"):
        sub = parser.commands.get(rest[0])
        if sub is None:
            raise typer.BadParameter(f"there is no {name} {rest[0]}")
        parser, rest = sub, rest[1:]
    if not told_all:
        parser.make_context(name, rest)
