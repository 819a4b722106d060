"""Fill a form in wrongly, past what the browser would refuse, and judge what the console says to it."""

import re
from collections.abc import Mapping
from typing import Final

from playwright.async_api import Page

from tests.browser.filling import BOXES, Found, Key, Outcome, forms_on

MISTAKES: Final = ("empty", "long", "range")
"""Nothing where something must stand; more than fits; a number beyond what is asked for."""
_BROKEN: Final = 500
_REFUSED: Final = 400
_CODE: Final = re.compile(r"\b[a-z][a-z0-9]*(?:[._][a-z][a-z0-9]*)+\b")
"""A name of the program's own, e.g. ``roster.changed`` or ``starts_at``."""
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
_MADE: Final = """([index, mistake]) => {
  const form = document.forms[index], made = {must: 0, all: 0};
  form.noValidate = true;
  for (const one of form.elements) {
    if (one.readOnly || one.disabled || ["hidden", "submit", "button", "fieldset"].includes(one.type)) continue;
    if (mistake === "empty" && one.type === "checkbox") { if (one.checked) made.all++; one.checked = false; }
    else if (mistake === "empty" && one.required) { one.value = ""; made.must++; made.all++; }
    else if (mistake === "long" && one.maxLength > 0) { one.value = "很".repeat(one.maxLength + 1); made.all++; }
    else if (mistake === "range" && one.type === "number") {
      one.value = one.max ? String(Number(one.max) + 1) : "99999999999999999999"; made.all++;
    }
  }
  return made;
}"""
_TYPED: Final = """([index]) => Object.fromEntries([...document.forms[index].elements]
  .filter((one) => one.name && !["hidden", "submit", "button", "fieldset", "file", "password", "checkbox", "radio"]
    .includes(one.type) && !one.readOnly)
  .map((one) => [one.name, one.value]))"""
_DEAD_LINKS: Final = """(boxes) => [...document.querySelectorAll(boxes)].flatMap((box) =>
  [...box.querySelectorAll('a[href^="#"]')].map((link) => link.getAttribute("href"))
    .filter((href) => href.length > 1 && !document.getElementById(decodeURIComponent(href.slice(1)))))"""


async def mistaken(page: Page, found: Found, mistake: str) -> tuple[bool, Mapping[str, str]] | None:
    """Make a mistake in a form that is filled in; None if it has no place for it.

    Returns:
        Whether the form itself says that this must not be, and what stands in it now, by name.
    """
    made: Mapping[str, int] = await page.evaluate(_MADE, [found.form, mistake])
    if not made["all"]:
        return None
    typed: Mapping[str, str] = await page.evaluate(_TYPED, [found.form])
    return bool(made["must"]), typed


async def judged(page: Page, key: Key, outcome: Outcome, typed: Mapping[str, str], *, must: bool) -> list[str]:
    """Return what is wrong with an answer to a form that was filled in wrongly.

    Args:
        page: What it led to.
        key: Of the form.
        outcome: Of the press.
        typed: What stood in it.
        must: It cannot be right.
    """
    if outcome.status >= _BROKEN:
        return [f"answers {outcome.status}"]
    if outcome.status < _REFUSED:
        return ["is taken although what must stand there is missing"] if must else []
    return [*await _said_badly(page), *await _lost(page, key, typed)]


async def _said_badly(page: Page) -> list[str]:
    said = "\n".join([one for one in await page.locator(BOXES).all_inner_texts() if one.strip()])
    dead: list[str] = await page.evaluate(_DEAD_LINKS, BOXES)
    wrong = [f"its error leads to {one}, which is not there" for one in dead]
    if not _CHINESE.search(said):
        wrong.append(f"does not say what is wrong: {said!r}")
    return wrong + [f"says {one} in Chinese: {said!r}" for one in _CODE.findall(said)]


async def _lost(page: Page, key: Key, typed: Mapping[str, str]) -> list[str]:
    again = next((one for one in await forms_on(page, "") if one.key == key), None)
    if again is None:
        return []
    stands: Mapping[str, str] = await page.evaluate(_TYPED, [again.form])
    lost = {name: text for name, text in typed.items() if stands.get(name, "").strip() != text.strip()}
    return [f"loses what was typed into {name}: {text[:20]!r} → {stands.get(name)!r}" for name, text in lost.items()]
