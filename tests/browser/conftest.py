"""A portal served as people serve it, a real mail server, and Chromium in front of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import services
from tests.browser.portal import CHROMIUM, Served, serving
from tests.visits import shape_of


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """The portal, empty, with its worker."""
    with serving(tmp_path / "home") as portal:
        yield portal


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    services.need("chromium", "npm packages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=services.chromium(), args=list(CHROMIUM))
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Browser) -> Iterator[Callable[..., "Window"]]:
    """`window(javascript=False, width=360)` opens a fresh window (own cookies)."""
    opened: list[Window] = []

    def open_one(javascript: bool = True, width: int = 1440, **options: object) -> Window:
        context = chromium.new_context(
            java_script_enabled=javascript, viewport={"width": width, "height": 900}, locale="en-GB", **options
        )
        opened.append(Window(context, javascript))
        return opened[-1]

    yield open_one
    for each in opened:
        each.context.close()
    for each in opened:
        assert each.complaints == [], "the console complained"


FOUND_SOUND: set[tuple[object, ...]] = set()  # pages in which axe-core found nothing: how wide, whether dark, what


class Window:
    """A browser window that hears every complaint, and can look a page over with axe-core."""

    def __init__(self, context: BrowserContext, javascript: bool) -> None:
        self.context = context
        self.javascript = javascript
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.asking: set[object] = set()
        self.page.on("request", lambda request: self.asking.add(request))  # noqa: PLW0108 - Playwright takes no builtin method
        self.page.on("requestfinished", lambda request: self.asking.discard(request))  # noqa: PLW0108 - as above
        self.page.on("requestfailed", lambda request: self.asking.discard(request))  # noqa: PLW0108 - as above
        self.page.on("console", self.hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def hear(self, message: object) -> None:
        own_note = "the server responded with a status of 4" in message.text  # of an answer that is no fault
        if message.type in ("error", "warning") and not own_note:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def look_over(self) -> None:
        """axe-core finds nothing wrong, and nothing sticks out sideways."""
        if not self.javascript:
            return
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)  # pale while they wait
        wide, room = self.page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
        assert wide <= room, f"{self.page.url} scrolls sideways: {wide} > {room}"
        dark = self.page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
        like = (room, dark, *shape_of(self.page.content(), classes=True))
        if like in FOUND_SOUND:  # axe-core takes longer over a page than all else that is done with it
            return
        if not self.page.evaluate("() => !!window.axe"):
            # Through the debugger, not the page: the policy refuses inline script, as it should.
            self.page.evaluate(services.AXE.read_text() + ";undefined")
        found = self.page.evaluate(
            "() => axe.run({resultTypes: ['violations']}).then(r => r.violations.map(v => "
            "v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')))"
        )
        assert found == [], f"axe-core on {self.page.url}: {found}"
        FOUND_SOUND.add(like)

    def go(self, address: str) -> None:
        self.page.goto(address)
        self.settle()
        self.look_over()

    def press(self, name: str, *, exact: bool = True) -> None:
        """Press a button or follow a link by its words, then look the new page over."""
        both = self.page.get_by_role("button", name=name, exact=exact).or_(
            self.page.get_by_role("link", name=name, exact=exact)
        )
        both.first.click()
        self.settle()
        self.look_over()

    def settle(self) -> None:
        """Wait until a press has done what it does, a new page or a part of this one: nothing asked for 200 ms."""
        quiet = 0
        while quiet < 200:
            self.page.wait_for_timeout(50)
            quiet = 0 if self.asking else quiet + 50
        self.page.wait_for_load_state("load")

    def fill(self, **typed: str) -> None:
        """Fields by their names in the form."""
        for name, value in typed.items():
            field = self.page.locator(f'[name="{name}"]').first
            if field.evaluate("e => e.tagName") == "SELECT":
                options = field.evaluate("e => [...e.options].map(o => [o.value, o.text])")
                field.select_option(next(own for own, text in options if value == own or value in text))
            else:
                field.fill(value)

    def sees(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()
