"""``sihu schema``: the JSON Schemas of the catalogue."""

from pathlib import Path
from typing import Annotated

import typer

from schemas.catalogue import TYPES, json_schemas, schema_of
from schemas.errors import Fault, NotFoundError, RequestError
from services.bootstrap.cli import write_given
from services.cli import output
from services.cli.options import AsJson


def schema(
    wire_type: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="A wire type, or its last part.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every type, one file each, into --output.")] = False,
    output_file: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Write here instead of standard output.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the JSON Schema of a type; without one, list the types."""
    if every:
        _write_all(output_file, as_json=as_json)
    elif wire_type is not None:
        _print_one(_found(wire_type), output_file)
    else:
        _list(as_json=as_json)


def _found(text: str) -> str:
    near = [
        model.wire_type
        for model in TYPES
        if text in {model.wire_type, model.title_zh} or text in model.wire_type.split(".")
    ]
    if len(near) != 1:
        mend = f"there is no single type `{text}`; `sihu schema` lists them"
        raise NotFoundError(Fault("event.unknown_type", "TYPE", mend))
    return near[0]


def _print_one(wire_type: str, path: Path | None) -> None:
    import json

    text = json.dumps(json_schemas()[wire_type], ensure_ascii=False, indent=1) + "\n"
    if path is None:
        typer.echo(text, nl=False)
    else:
        write_given(path, text.encode())


def _write_all(folder: Path | None, *, as_json: bool) -> None:
    if folder is None:
        raise RequestError(Fault("request.no_output", "--output", "say with -o DIR where the files go"))
    paths = [folder / f"{model.wire_type}.json" for model in TYPES]
    for model, path in zip(TYPES, paths, strict=True):
        _print_one(model.wire_type, path)
    if as_json:
        output.print_json({"files": [str(path) for path in paths]})
    else:
        output.show(f"{len(paths)} schemas in {output.plain(str(folder))}")


def _list(*, as_json: bool) -> None:
    if as_json:
        output.print_json(
            {
                "types": [
                    {"type": one.wire_type, "title": one.title_zh, "digest": _digest(one.wire_type)} for one in TYPES
                ]
            }
        )
        return
    rows = [(one.title_zh, one.wire_type, _digest(one.wire_type)[:16]) for one in TYPES]
    output.show(output.table("事件类型 types", "名称 title", "*类型 wire type", "摘要 schema digest", rows=rows))


def _digest(wire_type: str) -> str:
    return schema_of(wire_type)[1]
