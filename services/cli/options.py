"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

from schemas.custody import OpeningReason

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
OfficerPassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--officer-passphrase-file",
        envvar="SIHU_OFFICER_PASSPHRASE_FILE",
        metavar="FILE",
        help="First line opens the officer's own key; the county's passphrase if left out.",
    ),
]
OutputFile = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Write here.")]
HERE = Path()
Why = Annotated[
    OpeningReason | None,
    typer.Option("--why", help="Show personal content, too, for this reason; it is written to the log of openings."),
]
