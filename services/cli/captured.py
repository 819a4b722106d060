"""Run a `sihu` command inside this process and keep what it prints: for the demonstration and the tests."""

import contextlib
import io

from schemas.errors import InvariantError
from services.cli.app import main


def captured(*words: str) -> str:
    """Run one command and return what it printed on standard output.

    Raises:
        InvariantError: It ended with another code than 0; the text holds what it said.
    """
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    if code != 0:
        raise InvariantError(f"sihu {' '.join(words)} ended with {code}: {err.getvalue()}")
    return out.getvalue()
