"""``sihu erase``: the content of an own event is destroyed, here and at every recipient."""

from typing import Annotated, Final

import typer

from schemas.control import ErasureReason
from schemas.drafts import ErasureDraft
from services.cli import output
from services.cli.client import Api, ask, json_of
from services.cli.desk import Desk
from services.cli.options import HERE, AsJson, Dir
from services.gateway.answers import Erasure

REASONS: Final = {
    ErasureReason.WITHDRAWN: "撤回",
    ErasureReason.EXPIRED: "到期",
    ErasureReason.COMPLETED: "办结",
    ErasureReason.MISTAKEN: "误发",
    ErasureReason.ORDERED: "依法要求",
}


def erase(
    envelope_id: Annotated[str, typer.Argument(metavar="ID", help="The event; its first characters will do.")],
    *,
    reason: Annotated[ErasureReason, typer.Option("--reason", help="撤回 到期 办结 误发 依法要求.")],
    undelivered: Annotated[
        bool, typer.Option("--undelivered", help="Although a recipient lacks it; that one never gets it then.")
    ] = False,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Erase the content of an event that this county sent. It cannot be taken back; header and signatures stay."""
    draft = ErasureDraft(reason=reason, undelivered=undelivered)

    async def work(api: Api) -> Erasure:
        return await api.erase(await api.whole_id(envelope_id), draft.model_dump_json().encode())

    done = ask(Desk(directory), work)
    if as_json:
        output.print_json(json_of(done))
        return
    output.show(
        *(
            f"已销毁 erased  {output.county(one.county)}  {output.moment(one.erased_at)}  {REASONS[one.reason]}"
            for one in done.erasures
        ),
        "各县收到后销毁并回报 each recipient erases and reports; `sihu show` lists who has.",
    )
