"""What the forms of the roster ask for, and how what was typed becomes what the API takes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from schemas.pages import Tier
from schemas.rosters import Mark, Rotation
from services.domain.roster_words import MARKS, ROTATIONS
from services.gateway.roster_answers import RosterView

Typed = Callable[[str], str]
"""Field's name -> what was typed, stripped."""
Choices = tuple[tuple[str, str], ...]
"""Value and what it is called."""

TIERS: Final[Choices] = ((Tier.PRIMARY, "主班"), (Tier.SECONDARY, "副班"), (Tier.LEADER, "带班领导"))
_MINUTES: Final = len("2026-01-01T08:30")


@dataclass(frozen=True, slots=True)
class Field:
    """One input.

    Attributes:
        kind: ``moment``, ``select``, ``line``, ``lines``, ``text`` or ``clock``.
        path: Of what it fills, as the API names it in a fault; the name itself if empty.
        group: Heading that it stands below; empty for none.
    """

    name: str
    label: str
    kind: str
    required: bool = False
    hint: str = ""
    choices: Choices = ()
    most: int = 0
    path: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class FormOf:
    """One form.

    Attributes:
        route: Of the API.
        fields: What it asks, by what the roster has.
        body: What the API takes.
    """

    title: str
    route: str
    lead: str
    fields: Callable[[RosterView], tuple[Field, ...]]
    body: Callable[[Typed, RosterView], Mapping[str, object]]
    said: str = "roster_changed"
    starting: Mapping[str, str] = field(default_factory=dict)
    """What stands in a field before anything was typed."""


def people(view: RosterView) -> Choices:
    """Return everybody who may stand."""
    return tuple((one.officer, f"{one.display}（{one.officer}）") for one in view.contacts)


def _owners(view: RosterView) -> Choices:
    return (*people(view), *((one.office, f"{one.display}（{one.office}）") for one in view.offices))


def _reason(hint: str) -> Field:
    return Field("reason", "事由", "line", required=True, hint=hint, most=200)


def _span(prefix: str = "", group: str = "", path: str = "") -> tuple[Field, Field]:
    first = Field(f"{prefix}from", "自", "moment", required=True, path=f"{path}starts_at", group=group)
    last = Field(
        f"{prefix}to", "至", "moment", required=True, hint="北京时间，不含这一刻", path=f"{path}ends_at", group=group
    )
    return first, last


def _plan(view: RosterView) -> tuple[Field, ...]:
    plans = tuple((one.id, f"{one.name}（{one.id[:10]}）") for one in view.plans)
    hint = "改的是临时方案里的班，才选"
    return (Field("plan", "临时方案", "select", hint=hint, choices=plans),) if plans else ()


def moment_of(text: str) -> str:
    """Spell a moment of Beijing as the API takes it; what is none goes on as it is, for the API to name the mend."""
    return f"{text}:00.000+08:00" if len(text) == _MINUTES else text


def _override_fields(view: RosterView) -> tuple[Field, ...]:
    return (
        Field("officer", "谁来", "select", required=True, choices=people(view)),
        Field("replaces", "替谁", "select", hint="补缺时不选", choices=people(view)),
        Field("tier", "班次", "select", hint="补缺时必选；替人时不选，就是他的所有班次", choices=TIERS),
        *_span(),
        *_plan(view),
        _reason("如：病假、补缺"),
    )


def _override_body(typed: Typed, _: RosterView) -> Mapping[str, object]:
    body = _given(typed, "officer", "replaces", "tier", "plan", "reason")
    return body | {"starts_at": moment_of(typed("from")), "ends_at": moment_of(typed("to"))}


def _swap_fields(view: RosterView) -> tuple[Field, ...]:
    one, other = "甲方", "乙方"
    return (
        Field("first", "谁", "select", required=True, choices=people(view), group=one),
        *_span("first_", one, "first_span."),
        Field("second", "谁", "select", required=True, choices=people(view), group=other),
        *_span("second_", other, "second_span."),
        *_plan(view),
        _reason("如：调班"),
    )


def _swap_body(typed: Typed, _: RosterView) -> Mapping[str, object]:
    spans = {
        f"{who}_span": {"starts_at": moment_of(typed(f"{who}_from")), "ends_at": moment_of(typed(f"{who}_to"))}
        for who in ("first", "second")
    }
    return _given(typed, "first", "second", "plan", "reason") | spans


def _note_fields(view: RosterView) -> tuple[Field, ...]:
    hint = "水位、路况、没办完的事、几点前要再报；不写群众的姓名和号码"
    return (
        Field("to_officer", "交给谁", "select", required=True, choices=people(view)),
        Field("text", "留言", "text", required=True, hint=hint, most=2000),
    )


def _note_body(typed: Typed, _: RosterView) -> Mapping[str, object]:
    return _given(typed, "to_officer", "text")


def _mark_fields(view: RosterView) -> tuple[Field, ...]:
    marks = tuple((one.value, MARKS[one]) for one in Mark)
    return (
        Field("owner", "谁的号码", "select", required=True, choices=_owners(view)),
        Field("address", "号码", "line", required=True, hint="写全，与值班表里的一致", most=512),
        Field("mark", "结果", "select", required=True, choices=marks, hint="打通、本人应答之后才记"),
    )


def _mark_body(typed: Typed, _: RosterView) -> Mapping[str, object]:
    return _given(typed, "owner", "address", "mark")


def _plan_fields(view: RosterView) -> tuple[Field, ...]:
    names = "、".join(one.display for one in view.contacts)
    tiers = chain.from_iterable(_layer_fields(tier, title) for tier, title in TIERS)
    return (
        Field("name", "名称", "line", required=True, hint="如：汛期、春节", most=30),
        *_span(),
        _reason("如：汛期值守"),
        *(
            Field(one.name, one.label, one.kind, hint=f"{one.hint}：{names}", choices=one.choices, group=one.group)
            if one.kind == "lines"
            else one
            for one in tiers
        ),
    )


def _layer_fields(tier: str, title: str) -> tuple[Field, ...]:
    group = f"{title}（不填人，这一班就照平时）"
    turns = tuple((one.value, ROTATIONS[one]) for one in (Rotation.DAILY, Rotation.WEEKLY))
    return (
        Field(f"{tier}_members", "轮到的人", "lines", hint="依次每行一人，写工号或岗位", group=group),
        Field(f"{tier}_rotation", "轮换", "select", required=True, choices=turns, group=group),
        Field(f"{tier}_handover", "几点交班", "clock", group=group),
    )


def _plan_body(typed: Typed, view: RosterView) -> Mapping[str, object]:
    layers = [_layer(typed, view, tier) for tier, _ in TIERS if typed(f"{tier}_members")]
    span = {"starts_at": moment_of(typed("from")), "ends_at": moment_of(typed("to"))}
    return _given(typed, "name", "reason") | span | {"layers": layers}


def _layer(typed: Typed, view: RosterView, tier: str) -> Mapping[str, object]:
    ids = {one.display: one.officer for one in view.contacts}
    members = [ids.get(line.strip(), line.strip()) for line in typed(f"{tier}_members").splitlines() if line.strip()]
    return {
        "name": f"plan-{tier}",
        "tier": tier,
        "members": members,
        "rotation": typed(f"{tier}_rotation") or Rotation.DAILY.value,
        "handover": typed(f"{tier}_handover"),
        "starts_on": typed("from")[: len("2026-01-01")],
    }


def _withdrawal_fields(_: RosterView) -> tuple[Field, ...]:
    return (_reason("如：记错"),)


def _withdrawal_body(typed: Typed, _: RosterView) -> Mapping[str, object]:
    return _given(typed, "reason")


def _given(typed: Typed, *names: str) -> dict[str, object]:
    return {name: typed(name) for name in names if typed(name)}


def input_of(fields: Iterable[Field], fault_field: str) -> str:
    """Return the name of the input that a fault of the API speaks of; empty if there is none."""
    paths = {one.path or one.name: one.name for one in fields}
    if fault_field.startswith("layers"):
        return next((one.name for one in fields if one.kind == "lines"), "")
    return paths.get(fault_field, "")


_TURNS: Final = {f"{tier}_handover": "08:30" for tier, _ in TIERS} | {
    f"{tier}_rotation": Rotation.DAILY.value for tier, _ in TIERS
}
FORMS: Final[Mapping[str, FormOf]] = {
    "override": FormOf(
        "替班、补缺",
        "record_override",
        "有人请假，请别人来替；或哪一班没人，补一个人。记下就生效。",
        _override_fields,
        _override_body,
    ),
    "swap": FormOf("调班", "record_swap", "两个人各拿一段班对调，一次记下，不会只换一半。", _swap_fields, _swap_body),
    "plan": FormOf(
        "临时方案",
        "record_plan",
        "汛期、春节另排一套班：那段时间里，填了人的班次按这里的走，其余照平时。",
        _plan_fields,
        _plan_body,
        starting=_TURNS,
    ),
    "note": FormOf(
        "交班留言",
        "record_note",
        "走的人写给来的人；写下后改不了，写错了再写一条。",
        _note_fields,
        _note_body,
        said="note_left",
    ),
    "mark": FormOf(
        "核验号码",
        "record_mark",
        "号码要打通、本人应答，才算数。号码只存在本县的值班表里，不出县。",
        _mark_fields,
        _mark_body,
        said="number_marked",
    ),
    "withdrawal": FormOf(
        "撤销一条变更",
        "withdraw_record",
        "从现在起不再算数；撤销之前谁在值班，不会变。",
        _withdrawal_fields,
        _withdrawal_body,
    ),
}
"""By the last word of the form's address."""
