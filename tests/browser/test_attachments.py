"""Files of each kind uploaded, made safe and opened, by drop, by choice, and without JavaScript."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Window
from tests.browser.portal import PASSWORD, Served, serving
from tests.customers.uploading import a_pdf, a_picture

KINDS = {
    "plan.pdf": a_pdf(2),
    "screen.png": a_picture("PNG", (300, 200)),
    "photo.jpeg": a_picture("JPEG", (300, 200)),
    "scan.tiff": a_picture("TIFF", (300, 200)),
    "logo.webp": a_picture("WEBP", (300, 200)),
    "notes.txt": "Grüße aus Köln\n".encode(),
    "users.csv": b"Name;Mail\nInes;ines@acme.example\nLee;lee@acme.example\n",
}
DROP = """([name, text]) => {
  const files = new DataTransfer();
  files.items.add(new File([text], name, {type: "application/pdf"}));
  const here = document.querySelector("#attachments header");
  for (const kind of ["dragover", "drop"]) {
    here.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: files}));
  }
}"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "home", sample=True) as portal:
        yield portal


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    for name, content in KINDS.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in KINDS]


def open_a_customer(ours: Window, served: Served) -> str:
    """Signed in; the address of the first customer in progress, on screen then."""
    ours.go(served.address + "/sign-in")
    ours.fill(email="ada@northstar.example", password=PASSWORD)
    ours.press("Sign in")
    ours.go(served.address + "/customers/in-progress")
    address = served.address + ours.page.locator("tbody a").first.get_attribute("href")
    ours.go(address)
    return address


def test_files_of_each_kind_become_pdfs_where_they_are_dropped(
    served: Served, window: Callable[..., Window], files: list[Path]
) -> None:
    ours = window()
    address = open_a_customer(ours, served)
    filed = ours.page.locator("#filed li[data-id] > a")
    before = filed.count()
    ours.page.locator("#attachments [type=file]").set_input_files(files)
    ours.page.get_by_role("button", name="Upload", exact=True).click()
    expect(ours.page.locator("#said")).to_have_text("7 files received, being made safe now.")
    expect(ours.page.locator("#attachments [type=file]")).to_have_value("")
    held = ours.page.locator("#attachments [type=file]")
    held.focus()
    ours.page.locator("#attachments [type=file]").set_input_files(files[:1])
    expect(ours.page.locator("#said")).to_have_text("All files are made safe and filed.", timeout=30_000)
    assert ours.page.evaluate("document.activeElement.type") == "file", "the focus stays where it was"
    assert held.evaluate("field => field.files.length") == 1, "what was chosen meanwhile is still chosen"
    assert [filed.nth(place).inner_text() for place in range(len(KINDS))] == list(KINDS)[::-1]
    expect(ours.page.locator("#recent li:not(.day)").first).to_contain_text("filed under attachments")
    ours.look_over()
    assert ours.page.url == address

    ours.page.evaluate(DROP, ["invoice.pdf", "<html><script>alert(1)</script>"])
    refused = ours.page.locator("#filed li", has_text="invoice.pdf")
    expect(refused).to_contain_text("This is a web page (HTML or XML)", timeout=30_000)
    ours.look_over()
    ours.press("Put away the refusal of invoice.pdf")
    expect(refused).to_have_count(0)

    for place in range(len(KINDS)):
        document = ours.page.request.get(served.address + filed.nth(place).get_attribute("href"))
        assert document.body().startswith(b"%PDF-")
        assert "sandbox" in document.headers["content-security-policy"]
    ours.page.locator("#filed summary").first.click()
    ours.press("Remove for good")
    expect(ours.page.locator("#said")).to_have_text("users.csv removed.")
    assert before <= filed.count()
    ours.press("All attachments")
    expect(ours.page.locator("h1")).to_contain_text("Attachments of ")
    expect(filed).to_have_count(len(KINDS) - 1 + before)


def test_a_long_upload_shows_how_far_it_is(served: Served, window: Callable[..., Window], tmp_path: Path) -> None:
    ours = window(width=360)
    open_a_customer(ours, served)
    large = tmp_path / "large.txt"
    large.write_bytes(b"line\n" * 4_000_000)
    line = ours.context.new_cdp_session(ours.page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 8_000_000}
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", slow)
    ours.page.locator("#attachments [type=file]").set_input_files(large)
    ours.page.get_by_role("button", name="Upload", exact=True).click()
    bar = ours.page.locator("#attachments progress")
    expect(bar).to_be_visible()
    ours.page.wait_for_function(
        "() => { const b = document.querySelector('#attachments progress'); return b.value > 0 && b.value < 1; }"
    )
    expect(ours.page.locator("#said")).to_have_text("1 file received, being made safe now.", timeout=30_000)
    expect(bar).to_be_hidden()
    expect(ours.page.locator("#filed li", has_text="large.txt")).to_contain_text("more than 500 pages", timeout=30_000)


def test_attachments_without_javascript(
    served: Served, window: Callable[..., Window], files: list[Path], tmp_path: Path
) -> None:
    ours = window(javascript=False)
    open_a_customer(ours, served)
    (tmp_path / "empty.pdf").write_bytes(b"")
    ours.page.locator("#attachments [type=file]").set_input_files([files[0], tmp_path / "empty.pdf"])
    ours.press("Upload")
    ours.sees("1 file received, being made safe now. 1 file refused; the list says why.")
    ours.sees("The file is empty.")
    for _ in range(20):
        if not ours.page.get_by_role("link", name="Look again").count():
            break
        ours.page.wait_for_timeout(500)
        ours.page.reload()
    ours.sees("plan.pdf")
    ours.sees("2 pages · Ada Admin")
    ours.press("Put away the refusal of empty.pdf")
    ours.sees("Refusal of empty.pdf put away.")
    ours.page.locator("#filed summary").first.click()
    ours.press("Remove for good")
    ours.sees("plan.pdf removed.")
