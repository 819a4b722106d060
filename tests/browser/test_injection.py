"""What a neighbour writes is text: markup in any field of any type must be shown, and never become part of a page."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from playwright.async_api import Browser

from schemas.base import Event
from schemas.catalogue import parse_new
from services.domain.form_fields import shapes_of
from services.ports import Transaction
from tests import papers
from tests.browser.walking import WORKERS, Walk
from tests.browsers import Seen, served, visiting_page
from tests.contract.store.samples import THEM, chain
from tests.forms import COMPOSED, contents
from tests.searching import recorded_link
from tests.seeded import seeded
from tests.world import World

PAYLOADS: Final = (
    "<script>window.sihuOwned=1</script>",
    "<img src=x onerror=window.sihuOwned=1>",
    '"><svg onload=window.sihuOwned=1>',
    "' autofocus onfocus='window.sihuOwned=1",
    "javascript:window.sihuOwned=1",
    "</title><script>window.sihuOwned=1</script>",
    "</textarea><iframe srcdoc='<script>parent.sihuOwned=1</script>'>",
    "{{7*7}}${7*7}<%=7*7%>",
    "<a href=javascript:window.sihuOwned=1>a</a>",
    "<math><mi xlink:href=javascript:window.sihuOwned=1>",
    "--><script>window.sihuOwned=1</script><!--",
    "<form action=//elsewhere.example><button>签收</button>",
    "\u202e<b>gnp</b>",
)
_DIRTY: Final = """
() => {
  const bad = [];
  for (const one of document.querySelectorAll("*")) {
    for (const { name, value } of one.attributes) {
      if (name.startsWith("on")) bad.push(`${one.tagName} ${name}`);
      const leads = ["href", "src", "action", "formaction", "xlink:href"].includes(name);
      // Judged as the browser reads it: an own address may well carry markup behind its question mark, encoded.
      const to = leads && URL.canParse(value, location.href) ? new URL(value, location.href) : null;
      if (to && (to.protocol === "javascript:" || to.hostname === "elsewhere.example")) bad.push(value);
    }
    if (["IFRAME", "OBJECT", "EMBED", "MATH", "B"].includes(one.tagName)) bad.push(one.tagName);
    if (one.tagName === "SCRIPT" && !one.getAttribute("src")?.startsWith("/static/")) bad.push("SCRIPT");
    if (one.tagName === "IMG") bad.push("IMG");
  }
  if (window.sihuOwned) bad.push("it ran");
  return bad;
}
"""


def _payloads() -> Iterator[str]:
    while True:
        yield from PAYLOADS


def poisoned(value: Any, with_: Iterator[str], taken: Callable[[Any], bool]) -> Any:  # noqa: ANN401 - any JSON value
    """Put markup into every text of a content that takes it; ``taken`` says whether the whole is still valid."""
    found: Any = json.loads(json.dumps(value))
    for holder, key in list(_texts(found)):
        before = holder[key]
        for _ in PAYLOADS:
            payload = next(with_)
            for tried in (payload, payload[:30], payload[:20]):
                holder[key] = tried
                if taken(found):
                    break
            else:
                holder[key] = before
                continue
            break
    return found


def _texts(value: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in pairs:
        if isinstance(one, str):
            yield value, key
        else:
            yield from _texts(one)


def drawn(model: type[Event]) -> dict[str, Any]:
    """Return one content of the right shape for a type, the same in every run."""
    found: list[dict[str, Any]] = []

    @settings(
        max_examples=1,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(content=contents(shapes_of(model)))
    def draw(content: dict[str, Any]) -> None:
        found.append(content)

    draw()
    return found[0]


def change(wire_type: str, content: dict[str, Any]) -> dict[str, Any]:
    """Put markup into every text of a content that its type takes there."""
    found: dict[str, Any] = poisoned(content, _payloads(), lambda one: not isinstance(parse_new(wire_type, one), tuple))
    return found


async def _dirt(seen: Seen) -> list[str]:
    found: list[str] = await seen.page.evaluate(_DIRTY)
    return [*found, *await seen.breaches()]


@pytest.mark.timeout(600)
async def test_what_a_neighbour_writes_becomes_part_of_a_page(
    browser: Browser, reduced: Callable[[int, int], int], figure: Callable[[str], None]
) -> None:
    """Titles, names, places, notes: in every list, card, form and calendar where they are shown."""
    world, wrong = await seeded(change), dict[str, list[str]]()
    walk = Walk(WORKERS, reduced(4, 100))
    shown = 0
    async with (
        served(world[papers.HUANJIANG]) as console,
        visiting_page(browser, console, *WORKERS) as seen,
    ):
        async for page, address in walk.steps(seen):
            shown += "sihuOwned" in await seen.page.inner_text("body")
            if found := [one for one in await _dirt(seen) if "Failed to load resource" not in one]:
                wrong[f"{page.name} {address}"] = found
    figure(f"markup was shown as text on {shown} of {sum(walk.opened.values())} pages")
    assert wrong == {}
    assert shown > 5, "no markup came through: nothing was tried"


@pytest.mark.timeout(600)
async def test_markup_in_any_field_of_any_type_runs(browser: Browser) -> None:
    """Every type, every field, whether or not this version can read it: shown as it is written."""
    county, wrong = World()[papers.HUANJIANG], dict[str, list[str]]()
    raw = [(model.wire_type, poisoned(drawn(model), _payloads(), lambda _: True)) for model in COMPOSED]

    def keep(tx: Transaction) -> None:
        number = tx.chains.open(chain("in", source=THEM)).number
        links = [
            recorded_link(number, seq, content, wire_type=wire_type, source=THEM, level=1)
            for seq, (wire_type, content) in enumerate(raw, 1)
        ]
        tx.outbox.record(links)
        tx.chains.advance(number, links[-1].envelope.link.position)

    await county.store.write(keep)
    page = await county.store.read(lambda one: one.events(direction=None, wire_type=None, since=0, limit=200))
    assert len(page.rows) == len(COMPOSED)
    async with (
        served(county) as console,
        visiting_page(browser, console, *WORKERS) as seen,
    ):
        for address in ["/", "/inbox", *(f"/events/{row.envelope_id}" for row in page.rows)]:
            await seen.open(address)
            if found := await _dirt(seen):
                wrong[address] = found
            assert "sihuOwned" in await seen.page.inner_text("body") or address == "/", address
    assert wrong == {}
    assert county.crashes == []


_REFLECTED: Final = (
    "/inbox?q={}",
    "/inbox?type={}&county={}&level={}&from={}&to={}",
    "/sent?q={}&status={}",
    "/login?next={}&why={}",
    "/compose?type={}",
    "/compose?type=cn.sihu.information.alert_issued.v1&headline={}&content.headline={}&case={}&thread={}",
    "/ledger?from={}&to={}&county={}",
    "/audit?q={}&officer={}&from={}",
    "/roster?from={}&week={}",
    "/campaigns?month={}&year={}",
    "/cases?state={}&q={}",
    "/nowhere/{}",
)


@pytest.mark.parametrize("address", _REFLECTED)
async def test_what_an_address_says_becomes_part_of_its_page(browser: Browser, address: str) -> None:
    """A link in a mail holds markup: whoever follows it must get a page of ours and nothing else."""
    wrong = []
    async with (
        served(World()[papers.HUANJIANG]) as console,
        visiting_page(browser, console, *WORKERS) as seen,
    ):
        for payload in PAYLOADS:
            await seen.page.goto(console.url + address.replace("{}", quote(payload, safe="")))
            wrong += [one for one in await _dirt(seen) if "Failed to load resource" not in one]
    assert wrong == []
