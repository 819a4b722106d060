"""What nats-server wrote, synced and promised, by the system calls that strace saw: for cuts of its power.

Names of files are taken as kept in the order in which they were given, as a journalling file system does; of what was
written to a file only what was synced since is safe, by fsync or because the file was opened for it.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.storage import Act, Recording

CALLS: Final = (
    "openat,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fsync,fdatasync,sync_file_range,lseek,"
    "renameat,renameat2,unlinkat,close"
)
_WHOLE: Final = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+).*")
_BEGUN: Final = re.compile(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>")
_ENDED: Final = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+).*")
_HEX: Final = re.compile(r"(?:\\x[0-9a-f]{2})+")
_TEXT: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_FILE: Final = re.compile(r"(\d+)<([^>]*)>")
_STORED: Final = re.compile(rb'"seq":(\d+)')
_WRITES: Final = frozenset({"write", "pwrite64", "writev", "pwritev", "pwritev2"})
_KNOWN: Final = frozenset(CALLS.split(","))


def script(binary: Path, trace: Path) -> str:
    """Return a program that runs ``binary`` under strace, with its own process id; checks of versions go by it."""
    strace = shutil.which("strace")
    return (
        f'#!/bin/sh\ncase " $* " in *" -t "*|*" --version "*) exec "{binary}" "$@";; esac\n'
        f'exec "{strace}" -D -f -y -xx -s 9999999 -e trace={CALLS} -e signal=none -o "{trace}" "{binary}" "$@"\n'
    )


@dataclass
class Trace:
    """Reads a trace into a recording.

    Attributes:
        root: Files elsewhere are of no interest.
        recording: Acts by file; a file is a number, whatever it is called.
        names: What the files were called, from each number of acts on.
    """

    root: str
    recording: Recording = field(default_factory=Recording)
    names: list[tuple[int, dict[str, str]]] = field(default_factory=lambda: [(0, {})])
    _synced_handles: set[str] = field(default_factory=set)
    _places: dict[str, int] = field(default_factory=dict)
    _made: int = 0

    def read(self, path: Path) -> None:
        """Read the whole trace; what a call writes counts from its beginning, what it syncs from its end."""
        begun: dict[str, str] = {}
        for line in path.read_text(encoding="ascii", errors="replace").splitlines():
            if whole := _WHOLE.fullmatch(line):
                self._entered(whole[2], whole[3])
                self._returned(whole[2], whole[3], int(whole[4]))
            elif half := _BEGUN.fullmatch(line):
                begun[half[1]] = half[3]
                self._entered(half[2], half[3])
            elif rest := _ENDED.fullmatch(line):
                self._returned(rest[2], begun.pop(rest[1], "") + rest[3], int(rest[4]))

    def names_at(self, moment: int) -> Mapping[str, str]:
        """Return which file stood under which name after so many acts."""
        return next(names for since, names in reversed(self.names) if since <= moment)

    def _entered(self, call: str, given: str) -> None:
        if call not in _WRITES:
            return
        handle, name = _file(given)
        data = b"".join(_texts(given))
        if "socket:" in name:
            for found in _STORED.findall(data):
                self.recording.acts.append(Act("acknowledged", found.decode()))
        elif file := self._names.get(name):
            at = int(given.rpartition(",")[2]) if call.startswith("pwrite") else self._places.get(handle, 0)
            self.recording.acts.append(Act("write", file, at, data))
            if not call.startswith("pwrite"):
                self._places[handle] = at + len(data)

    def _returned(self, call: str, given: str, result: int) -> None:
        if result < 0:
            return
        if call in _WRITES or call in {"fsync", "fdatasync"}:
            self._synced(call, given)
        elif call == "openat":
            self._opened(given, str(result))
        elif call in {"renameat", "renameat2"}:
            old, new = (text.decode() for text in _texts(given)[:2])
            self._rename({name: name.replace(old, new, 1) for name in self._names if f"{name}/".startswith(f"{old}/")})
        elif call == "unlinkat":
            self._rename({_texts(given)[0].decode(): ""})
        elif call == "ftruncate" and (file := self._names.get(_file(given)[1])):
            self.recording.acts.append(Act("truncate", file, int(given.rpartition(",")[2])))
        elif call == "lseek":
            self._places[_file(given)[0]] = result

    def _synced(self, call: str, given: str) -> None:
        handle, name = _file(given)
        if (call not in _WRITES or handle in self._synced_handles) and (file := self._names.get(name)):
            self.recording.acts.append(Act("sync", file))

    def _opened(self, given: str, handle: str) -> None:
        name, self._places[handle] = _texts(given)[0].decode(), 0
        self._synced_handles.discard(handle)
        if "O_SYNC" in given or "O_DSYNC" in given:
            self._synced_handles.add(handle)
        if "O_CREAT" in given and name.startswith(self.root) and name not in self._names:
            self._made += 1
            self._note({**self._names, name: str(self._made)})
        if "O_TRUNC" in given and name in self._names:
            self.recording.acts.append(Act("truncate", self._names[name], 0))

    @property
    def _names(self) -> dict[str, str]:
        return self.names[-1][1]

    def _rename(self, new: Mapping[str, str]) -> None:
        """Give files other names; an empty one takes the file away."""
        kept = {name: file for name, file in self._names.items() if name not in new and name not in new.values()}
        moved = {new[name]: file for name, file in self._names.items() if new.get(name)}
        self._note(kept | moved)

    def _note(self, names: dict[str, str]) -> None:
        self.names.append((len(self.recording.acts), names))


def _plain(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _texts(given: str) -> list[bytes]:
    return [_plain(found) for found in _TEXT.findall(given)]


def _file(given: str) -> tuple[str, str]:
    """Return number and name of the file that a call works on."""
    found = _FILE.match(given)
    if found is None:
        return "", ""
    return found[1], _HEX.sub(lambda text: _plain(text[0]).decode(errors="replace"), found[2])


def placed(trace: Trace, moment: int, files: Mapping[str, bytes]) -> Iterator[tuple[Path, bytes]]:
    """Yield the files of a crash state under the names of that moment."""
    for name, file in trace.names_at(moment).items():
        yield Path(name), files.get(file, b"")
