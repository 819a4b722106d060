"""``sihu offers``: resources, supply and jobs that counties offer, and the negotiations about them."""

import typer

from schemas.threads import Family
from services.cli import output
from services.cli.client import ask, json_of
from services.cli.desk import Desk
from services.cli.listing import Limit
from services.cli.options import HERE, AsJson, Dir
from services.cli.threads import Key, State, act_table, listed, thread_table
from services.domain.ledger_words import state_zh
from services.gateway.thread_answers import OfferDetail, ThreadList

app = typer.Typer(
    help="Offers 资源供给: what counties offer, and what was agreed.",
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)


@app.command("list")
def list_them(*, state: State = None, limit: Limit = 20, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List offers, those with the newest word first."""
    listed(Desk(directory), "offers", "资源供给 offers", state=state, limit=limit, as_json=as_json)


@app.command()
def show(key: Key, *, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Show one offer: the negotiation with each partner, and every act."""
    found = ask(Desk(directory), lambda api: api.thread("offers", key, OfferDetail))
    if as_json:
        output.print_json(json_of(found))
        return
    rows = [
        (
            output.county(one.county),
            state_zh(Family.OFFER, one.state),
            str(one.number),
            f"{one.quantity:,}" if one.quantity else "",
            output.plain(one.terms),
            output.county(one.terms_by),
        )
        for one in found.negotiations
    ]
    output.show(
        thread_table("资源供给 offer", ThreadList(threads=(found.line,), next_since=0)),
        output.table(
            "商谈 negotiations", "县", "状态", ">序号", ">数量", "*条件", "提出方", rows=rows, empty="尚无 none"
        ),
        act_table(found.acts),
    )
    if found.overbooked:
        output.show(f"[bold red]达成数量 {found.agreed_quantity:,} 超过供给数量，请与各县协商 overbooked[/]")
    if found.reason:
        output.show(f"撤回原因 withdrawn: {output.plain(found.reason)}")
