"""``sihu referral``: one person's case goes to an office of a neighbour, with that person's consent, and ends."""

from pathlib import Path
from typing import Annotated, Final

import typer

from schemas.course_drafts import ReferralMove
from schemas.information.referrals import DeclineReason, ReferralOutcome, ReferralPurpose, WithdrawnBy
from services.cli import output
from services.cli.client import PAGE_MAX, Api, ask, json_of
from services.cli.course_output import STEP_COLUMNS, body, office, read_content, say_accepted, step_rows
from services.cli.desk import Desk
from services.cli.listing import Limit
from services.cli.options import HERE, AsJson, Dir
from services.cli.sending import only_agreement
from services.domain.referrals import ReferralState
from services.gateway.course_answers import CourseAccepted, ReferralDetail, ReferralLine, ReferralList

app = typer.Typer(
    help="Referrals 服务对接单: one person's case for one office, erased when it ends.", pretty_exceptions_enable=False
)

STATES: Final = {
    ReferralState.OFFERED: "[yellow]待接办[/]",
    ReferralState.ACCEPTED: "办理中",
    ReferralState.DECLINED: "不接",
    ReferralState.COMPLETED: "[green]办结[/]",
    ReferralState.WITHDRAWN: "撤回",
    ReferralState.EXPIRED: "到期",
}
PURPOSES: Final = {
    ReferralPurpose.SCHOOL_PLACE: "入学",
    ReferralPurpose.INSURANCE_TRANSFER: "社保转移",
    ReferralPurpose.REIMBURSEMENT: "医疗报销",
    ReferralPurpose.LEGAL_AID: "法律援助",
    ReferralPurpose.WAGE_ARREARS: "欠薪",
    ReferralPurpose.CARE: "照护",
    ReferralPurpose.DISABILITY_AID: "助残",
    ReferralPurpose.CROSS_PROVINCE_SERVICE: "跨省通办",
}

Number = Annotated[str, typer.Argument(metavar="ID", help="Number of the referral; its first characters will do.")]
All = Annotated[bool, typer.Option("--all", help="Those that have ended, too.")]
Key = Annotated[str | None, typer.Option(help="Idempotency key: sent twice, it is still one step.")]


@app.command("list")
def list_referrals(*, every: All = False, limit: Limit = 20, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """List referrals, newest first; nothing of what they say about anybody."""
    found = ask(Desk(directory), lambda api: api.referrals(open_only=not every, limit=limit))
    if as_json:
        output.print_json(json_of(found))
        return
    rows = [
        (
            one.referral_id[:8],
            STATES[one.state],
            PURPOSES[one.purpose],
            office(one.from_office),
            office(one.to_office),
            output.day(one.expires_at),
            _erased(one),
        )
        for one in found.referrals
    ]
    columns = ("编号", "状态", "事项", "*转出", "*承接", "到期", "销毁")
    output.show(output.table("服务对接单 referrals", *columns, rows=rows, empty="没有 none"))


@app.command()
def show(number: Number, *, directory: Dir = HERE, as_json: AsJson = False) -> None:
    """Show what a referral stands at; its content: `sihu show EVENT --why REASON`."""

    async def work(api: Api) -> ReferralDetail:
        return await api.referral(await _whole(api, number))

    found = ask(Desk(directory), work)
    if as_json:
        output.print_json(json_of(found))
        return
    output.show(
        f"对接单 {found.referral_id}  {STATES[found.state]}  {PURPOSES[found.purpose]}",
        f"{office(found.from_office)} → {office(found.to_office)}  到期 {output.day(found.expires_at)}",
        f"内容 content: 事件 {output.short(found.offer_id)}，销毁 {_erased(found)}",
        output.table("", *STEP_COLUMNS, rows=step_rows(found.steps)),
    )


@app.command()
def offer(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="purpose, offices, consent, fields; as JSON.")],
    fields: Annotated[list[str] | None, typer.Argument(metavar="[FIELD=VALUE...]", show_default=False)] = None,
    *,
    agreement: Annotated[str | None, typer.Option(metavar="ID", help="Needed only if there are several.")] = None,
    key: Key = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Offer a case to the office that the consent names; it ends after 30 days unless the file says otherwise."""
    desk = Desk(directory)
    draft = body(agreement=agreement or only_agreement(desk), content=read_content(file, fields or []))
    done = ask(desk, lambda api: api.offer_referral(draft, key or desk.county.ids.hex(16)))
    say_accepted(done, as_json=as_json)


@app.command()
def accept(
    number: Number,
    *,
    role: Annotated[str, typer.Option("--role", help="Which role handles it; never a name.")] = "窗口经办员",
    key: Key = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Take a case (接办)."""
    _move(number, ReferralMove.ACCEPT, {"handled_by_role": role}, key=key, directory=directory, as_json=as_json)


@app.command()
def decline(
    number: Number,
    *,
    reason: Annotated[DeclineReason, typer.Option("--reason", help="非本单位职权 材料不足 名额不足 授权存疑 其他.")],
    key: Key = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Do not take a case; its content is erased at both counties."""
    _move(number, ReferralMove.DECLINE, {"reason": reason}, key=key, directory=directory, as_json=as_json)


@app.command()
def complete(
    number: Number,
    *,
    outcome: Annotated[ReferralOutcome, typer.Option("--outcome", help="已办成 部分办成 未办成.")],
    key: Key = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """A case is done; its content is erased at both counties."""
    _move(number, ReferralMove.COMPLETE, {"outcome": outcome}, key=key, directory=directory, as_json=as_json)


@app.command()
def withdraw(
    number: Number,
    *,
    by: Annotated[WithdrawnBy, typer.Option("--by", help="本人 监护人 经办单位.")] = WithdrawnBy.PERSON,
    key: Key = None,
    directory: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Take a case back, at the person's word; its content is erased at both counties."""
    _move(number, ReferralMove.WITHDRAW, {"by": by}, key=key, directory=directory, as_json=as_json)


def _move(
    number: str, move: ReferralMove, content: dict[str, str], *, key: str | None, directory: Path, as_json: bool
) -> None:
    desk = Desk(directory)

    async def work(api: Api) -> CourseAccepted:
        whole = await _whole(api, number)
        return await api.move_referral(whole, body(move=move, content=content), key or desk.county.ids.hex(16))

    say_accepted(ask(desk, work), as_json=as_json)


async def _whole(api: Api, number: str) -> str:
    known: ReferralList = await api.referrals(open_only=False, limit=PAGE_MAX)
    return api.whole_number(number, (one.referral_id for one in known.referrals))


def _erased(one: ReferralLine) -> str:
    if one.ended_at is None:
        return ""
    here = "本县已销毁" if one.erased_here else "[red]本县未销毁[/]"
    return f"{here}、对方已确认" if one.erased_there else here
