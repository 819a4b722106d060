"""Fill any form of the console as its controls ask for it, press one of its buttons, and see what comes of it.

Nothing here knows a page: a control is filled by its kind, and only where a rule needs a particular value does a table
of the test name the field.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import FilePayload, Frame, Locator, Page, Response

from services.console.visit import Page as ConsolePage
from tests.browser.walking import page_at
from tests.pages import ACTS, pattern_of

SENTENCE: Final = "已按两县约定办理，细节请见附件。"
WAIT_MS: Final = 15_000
BOXES: Final = ".problems, .errors, .ask-error, .field-error"
SEE_OTHER: Final = 303
OK: Final = 200
BROKEN: Final = 500
_BY_KIND: Final[Mapping[str, str]] = {
    "date": "2026-03-05",
    "datetime-local": "2026-03-06T08:30",
    "time": "08:30",
    "month": "2026-03",
    "number": "1",
}
_NAMES: Final = {"table": "表.csv"}
_WORDY: Final = re.compile(r"/(?:acts|steps|new)/(\w+)$")
_ROWS: Final = re.compile(r"^(add|remove):.*$")
_NEVER_FILLED: Final = frozenset({"compose_send"})
"""``test_forms.py`` fills the forms of every type; here they are pressed as they stand."""
FORMS: Final = """
const formsOf = (page) => [...page.forms].map((form, index) => ({
  index, method: form.method, action: form.getAttribute("action") || "",
  hidden: form.hidden,
  controls: [...form.elements].map((one, at) => ({
    at, tag: one.tagName, kind: one.type, name: one.name, value: one.value, text: one.textContent.trim(),
    action: one.getAttribute("formaction") || "", required: one.required === true, checked: one.checked === true,
    fixed: one.readOnly === true || one.disabled === true, reached: one.tabIndex >= 0,
    most: one.maxLength > 0 ? one.maxLength : 0, least: one.min || "",
    options: one.options ? [...one.options].map((option) => option.value) : [],
  })).filter((one) => one.tag !== "FIELDSET"),
}));
"""
"""Of a page that is open, and of one that was only fetched, the same."""
_OPENED: Final = f"() => {{ {FORMS} return formsOf(document); }}"
_FETCHED: Final = f'(text) => {{ {FORMS} return formsOf(new DOMParser().parseFromString(text, "text/html")); }}'


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that the console itself gives, from the page that is open."""

    get: Callable[[Page], Awaitable[bytes]]


Typed = str | bytes | None | Callable[[], str] | Fetched
"""What stands in a field: None leaves it as it is, a call makes a text, bytes are those of a file."""


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that can be pressed: the page that it goes to by name, which of its forms, and what its button says."""

    act: str
    form: str
    button: str

    def __str__(self) -> str:
        """Spell it for a message."""
        return " ".join(part for part in (self.act, self.form, f"“{self.button}”") if part)


@dataclass(frozen=True, slots=True)
class Control:
    """One control of a form, as the browser knows it."""

    at: int
    tag: str
    kind: str
    name: str
    value: str
    text: str
    action: str
    required: bool
    checked: bool
    fixed: bool
    reached: bool
    most: int
    least: str
    options: Sequence[str]


@dataclass(frozen=True, slots=True)
class Found:
    """One button of a form on a page."""

    key: Key
    form: int
    button: int
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a press.

    Attributes:
        status: Of the answer to the form.
        led_to: Status of the page that it led to; the same if it led nowhere.
        is_page: There is a page to look at: no file came.
    """

    status: int
    led_to: int
    is_page: bool


def _page_of(method: str, address: str) -> ConsolePage | None:
    """Return the page that a form goes to: an act, or what it looks for."""
    if method == "get":
        return page_at(address)
    path = urlsplit(address).path
    return next((one for one in ACTS if pattern_of(one).fullmatch(path)), None)


async def forms_on(page: Page, address: str, text: str | None = None) -> list[Found]:
    """Return everything that can be pressed on a page: on the open one, or on one whose text was fetched."""
    found: list[dict[str, Any]] = await (page.evaluate(_OPENED) if text is None else page.evaluate(_FETCHED, text))
    return [one for form in found for one in _buttons(form, address)]


def _buttons(form: Mapping[str, Any], address: str) -> list[Found]:
    controls = tuple(Control(**one) for one in form["controls"])
    made = []
    for one in controls:
        if one.kind != "submit" or not one.reached:
            continue  # what Enter presses is not there for a mouse
        action = one.action or form["action"] or address
        to = _page_of(form["method"], action)
        if to is not None:
            key = Key(to.name, _which(to, action, address, one), _said(one))
            made.append(Found(key, form["index"], one.at, controls))
    return made


def _which(to: ConsolePage, action: str, address: str, button: Control) -> str:
    if to.name in _NEVER_FILLED:
        return "edit" if address.startswith("/drafts/") else "rows" if button.name == "rows" else "new"
    word = _WORDY.search(urlsplit(action).path)
    return word[1] if word else ""


def _said(button: Control) -> str:
    return _ROWS.sub(r"\1", button.value) if button.name == "rows" else button.text


@dataclass(slots=True)
class Filler:
    """Types into one open page.

    Attributes:
        typed: By ``act/form.field``, ``act.field`` or ``field``.
    """

    page: Page
    typed: Mapping[str, Typed]

    def control(self, found: Found, at: int) -> Locator:
        """Return a control of a form by its place in it."""
        return self.page.locator(f'[data-tried="{found.form}-{at}"]')

    async def mark(self, found: Found) -> None:
        """Let the controls of a form be found by their places, and unfold what hides them."""
        script = """([index]) => [...document.forms[index].elements].forEach(
          (one, at) => one.setAttribute("data-tried", `${index}-${at}`))"""
        await self.page.evaluate(script, [found.form])

    async def fill(self, found: Found) -> None:
        """Fill every control of a form as it asks for it."""
        await self.mark(found)
        await self._unfold(found, found.button)
        if found.key.act in _NEVER_FILLED:
            return
        ticked = {one.name for one in found.controls if one.checked}
        for one in found.controls:
            if one.fixed or one.kind in {"hidden", "submit", "button"}:
                continue
            await self._fill(found, one, ticked)

    def _wanted(self, key: Key, name: str) -> tuple[bool, Typed]:
        for spelt in (f"{key.act}/{key.form}.{name}", f"{key.act}.{name}", name):
            if spelt in self.typed:
                return True, self.typed[spelt]
        return False, None

    async def _fill(self, found: Found, one: Control, ticked: set[str]) -> None:
        is_named, wanted = self._wanted(found.key, one.name)
        if is_named and wanted is None:
            return
        if one.kind == "file":
            await self._choose(found, one, wanted)
        elif one.kind in {"checkbox", "radio"}:
            if one.required or (one.name not in ticked and (not is_named or one.value == wanted)):
                ticked.add(one.name)
                await self._unfold(found, one.at)
                await self.control(found, one.at).check()
        else:
            text = (wanted() if callable(wanted) else wanted) if is_named else one.value or self._usual(one)
            assert isinstance(text, str), one.name
            if text != one.value:
                await self._unfold(found, one.at)
                box = self.control(found, one.at)
                await (box.select_option(text) if one.kind == "select-one" else box.fill(text))

    async def _choose(self, found: Found, one: Control, wanted: Typed) -> None:
        data = await wanted.get(self.page) if isinstance(wanted, Fetched) else wanted
        if data is None:
            return
        assert isinstance(data, bytes), f"{found.key} {one.name}: say which file"
        await self._unfold(found, one.at)
        file = FilePayload(name=_NAMES.get(one.name, "文件.txt"), mimeType="application/octet-stream", buffer=data)
        await self.control(found, one.at).set_input_files(file)

    def _usual(self, one: Control) -> str:
        if one.kind == "select-one":
            return next((value for value in one.options if value), "")
        if one.kind == "number":
            return one.least or _BY_KIND["number"]
        return _BY_KIND.get(one.kind) or (SENTENCE[: one.most] if one.most else SENTENCE)

    async def _unfold(self, found: Found, at: int) -> None:
        folded = self.control(found, at).locator("xpath=ancestor::details[not(@open)]/summary")
        for _ in range(await folded.count()):
            await folded.first.click()

    async def press(self, found: Found) -> Outcome:
        """Press the very button, and wait until what it led to stands there."""
        page, came = self.page, list[Response]()
        last: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        stands = asyncio.Event()

        def note(response: Response) -> None:
            if response.request.is_navigation_request():
                came.append(response)
                if response.status != SEE_OTHER and not last.done():
                    last.set_result(response)

        def moved(frame: Frame) -> None:
            if frame == page.main_frame:
                stands.set()

        page.on("response", note)
        page.on("framenavigated", moved)
        try:
            await self.control(found, found.button).click()
            async with asyncio.timeout(WAIT_MS / 1000):
                end = await last
                head = end.headers  # `all_headers` waits for what the browser does not always tell
                is_page = head.get("content-type", "").startswith("text/html") and "content-disposition" not in head
                if is_page:
                    await stands.wait()  # where a script goes on by itself, the answer comes before the page is left
        finally:
            page.remove_listener("response", note)
            page.remove_listener("framenavigated", moved)
        if is_page:
            await page.wait_for_load_state()
        return Outcome(came[0].status, end.status, is_page=is_page)
