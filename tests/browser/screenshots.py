"""`make screenshots`: the pictures of the README, taken from a portal with sample data."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from playwright.sync_api import Page, sync_playwright

from tests import services
from tests.browser.portal import CHROMIUM, PASSWORD, ROOT, serving

DOCS = ROOT / "docs"


def main() -> None:
    DOCS.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "home", sample=True) as portal,
        sync_playwright() as pw,
    ):
        browser = pw.chromium.launch(executable_path=services.chromium(), args=list(CHROMIUM))
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-GB")
        sign_in(page, portal.address)
        for name, take in {"prospects": prospects, "order": order, "customer": customer}.items():
            take(page, portal.address)
            page.screenshot(path=DOCS / f"{name}.png")
            print(f"docs/{name}.png")
        browser.close()


def sign_in(page: Page, address: str) -> None:
    page.goto(address + "/sign-in")
    page.fill("[name=email]", "ada@northstar.example")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(address + "/")


def prospects(page: Page, address: str) -> None:
    page.goto(address + "/prospects/")


def order(page: Page, address: str) -> None:
    """The first prospect that is provisioned, with two products."""
    page.goto(address + "/prospects/")
    page.locator("tbody a", has_text="Provision").first.click()
    page.wait_for_load_state("networkidle")
    boxes = page.locator("[name=products]:enabled")
    for place in range(min(2, boxes.count())):
        boxes.nth(place).check()
    page.fill("[name=permitted_users]", "120")
    page.get_by_text("First payment").first.wait_for()
    page.wait_for_timeout(1_000)


def customer(page: Page, address: str) -> None:
    page.goto(address + "/customers/in-progress")
    page.locator("tbody strong a").first.click()
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main()
