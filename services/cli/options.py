"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

Dir = Annotated[
    Path, typer.Option("--dir", envvar="SIHU_DIR", metavar="DIR", help="The county's directory.", show_default=True)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value for programs.")]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        envvar="SIHU_PASSPHRASE_FILE",
        metavar="FILE",
        help="First line opens the county's keys; asked for at the terminal if nothing gives it.",
    ),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write here.", show_default=False)]
HERE = Path()
