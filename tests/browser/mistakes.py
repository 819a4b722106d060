"""Fill a form in wrongly, past what the browser would refuse, and judge what the console says to it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import Page

from tests.browser.filling import BOXES, BROKEN, Found, Key, Outcome, forms_on

MISTAKES: Final = ("empty", "long", "range")
"""Nothing where something must stand; more than fits; a number beyond what is asked for."""
_REFUSED: Final = 400
_CODE: Final = re.compile(r"\b[a-z][a-z0-9]*(?:[._][a-z][a-z0-9]*)+\b")
"""A name of the program's own, e.g. ``roster.changed`` or ``starts_at``."""
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
_MADE: Final = """([index, mistake]) => {
  const form = document.forms[index], made = {must: 0, names: []};
  const wrong = (one, value) => {
    if (one.type === "checkbox") one.checked = false; else one.value = value;
    made.names.push(one.name);
  };
  form.noValidate = true;
  for (const one of form.elements) {
    if (one.readOnly || one.disabled || ["hidden", "submit", "button", "fieldset"].includes(one.type)) continue;
    if (mistake === "empty" && (one.required || one.checked)) { made.must += one.required ? 1 : 0; wrong(one, ""); }
    else if (mistake === "long" && one.maxLength > 0) wrong(one, "很".repeat(one.maxLength + 1));
    else if (mistake === "range" && one.type === "number")
      wrong(one, one.max ? String(Number(one.max) + 1) : "99999999999999999999");
  }
  return made;
}"""
_TYPED: Final = """([index]) => Object.fromEntries([...document.forms[index].elements]
  .filter((one) => one.name && !["hidden", "submit", "button", "fieldset", "file", "password", "checkbox", "radio"]
    .includes(one.type) && !one.readOnly && one.autocomplete !== "one-time-code")
  .map((one) => [one.name, one.value]))"""
_DEAD_LINKS: Final = """(boxes) => [...document.querySelectorAll(boxes)].flatMap((box) =>
  [...box.querySelectorAll('a[href^="#"]')].map((link) => link.getAttribute("href"))
    .filter((href) => href.length > 1 && !document.getElementById(decodeURIComponent(href.slice(1)))))"""
_NAMED: Final = """([index, names]) => [...document.forms[index].elements]
  .filter((one) => names.includes(one.name)).map((one) => {
    const legend = one.type === "checkbox" ? one.closest("fieldset")?.querySelector("legend") : null;
    const label = (legend || one.labels?.[0])?.cloneNode(true);
    label?.querySelectorAll(".must, .meta").forEach((more) => more.remove());
    const beside = (one.closest("fieldset.ask") || one.parentElement).querySelector(".ask-error, .field-error");
    const text = (label?.textContent || "").trim().replace(/( \\*|（).*$/, "");
    return {name: one.name, label: text, beside: beside !== null};
  })"""
_FIELDS: Final = """([index]) => [...document.forms[index].elements]
  .filter((one) => one.name && !["hidden", "submit"].includes(one.type)).map((one) => one.name)"""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What was done to a form that was filled in.

    Attributes:
        must: The form itself says that this cannot be.
        names: Of the fields that are wrong.
        typed: What stands in the form, by name.
    """

    must: bool
    names: Sequence[str]
    typed: Mapping[str, str]


async def mistaken(page: Page, found: Found, mistake: str) -> Mistake | None:
    """Make a mistake in a form that is filled in; None if it has no place for it."""
    made: Mapping[str, Any] = await page.evaluate(_MADE, [found.form, mistake])
    if not made["names"]:
        return None
    return Mistake(bool(made["must"]), made["names"], await page.evaluate(_TYPED, [found.form]))


async def judged(page: Page, key: Key, outcome: Outcome, made: Mistake) -> list[str]:
    """Return what is wrong with an answer to a form that was filled in wrongly."""
    if outcome.status >= BROKEN:
        return [f"answers {outcome.status}"]
    if outcome.status < _REFUSED:
        return ["is taken although what must stand there is missing"] if made.must else []
    said = "\n".join([one for one in await page.locator(BOXES).all_inner_texts() if one.strip()])
    dead: list[str] = await page.evaluate(_DEAD_LINKS, BOXES)
    wrong = [f"its error leads to {one}, which is not there" for one in dead]
    if not _CHINESE.search(said):
        wrong.append(f"does not say what is wrong: {said!r}")
    wrong += [f"says {one} in Chinese: {said!r}" for one in _CODE.findall(said)]
    again = next((one for one in await forms_on(page, urlsplit(page.url).path) if one.key == key), None)
    return wrong if again is None else [*wrong, *await _judged_again(page, again.form, said, made)]


async def _judged_again(page: Page, form: int, said: str, made: Mistake) -> list[str]:
    """Judge the form that is shown once more: what was typed stands in it, and it says which field is meant."""
    stands: Mapping[str, str] = await page.evaluate(_TYPED, [form])
    fields: list[str] = await page.evaluate(_FIELDS, [form])
    named: list[Mapping[str, Any]] = await page.evaluate(_NAMED, [form, list(made.names)])
    lost = {name: text for name, text in made.typed.items() if stands.get(name, "").strip() != text.strip()}
    wrong = [f"loses what was typed into {name}: {text[:20]!r} → {stands.get(name)!r}" for name, text in lost.items()]
    wrong += [f"says {one} in Chinese: {said!r}" for one in set(fields) if re.search(rf"\b{re.escape(one)}\b", said)]
    if len(set(fields)) > 1 and named and not any(one["beside"] or one["label"] in said for one in named):
        wrong.append(f"does not say which of {[one['label'] for one in named]} is wrong: {said!r}")
    return wrong
