"""A visitor: a test client that signs in, carries the form token, and looks at every page it is given."""

import re
from typing import Any
from urllib.parse import urlsplit

import html5lib
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from lxml import html
from werkzeug.test import TestResponse

from data.accounts import Person
from data.database import database, is_sqlite
from data.history import History
from data.moments import now

RAW_TOKEN = "0" * 40
FORBIDDEN = ("script", "style")


class Answer:
    """What came back, already looked at. `.text` is what a person reads, `.html` the source, `.find(css)`."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.headers = response.headers
        self.location = response.headers.get("Location", "")
        self.is_html = response.mimetype == "text/html"
        self.html = response.get_data(as_text=True) if self.is_html else ""
        self.bytes = response.data
        self.tree = html.fromstring(self.html) if self.html.strip() else None

    @property
    def text(self) -> str:
        return " ".join(self.tree.text_content().split()) if self.tree is not None else ""

    def find(self, css: str) -> list[Any]:
        return self.tree.cssselect(css) if self.tree is not None else []

    def value(self, name: str) -> str:
        """The value typed in a field of the page; the head, which has the search over everything, comes last."""
        field = (self.find(f'main [name="{name}"]') or self.find(f'[name="{name}"]'))[0]
        return (field.text or "").removeprefix("\n") if field.tag == "textarea" else field.value or ""


class Visitor:
    """Someone in front of the portal. GETs must not write; POSTs that write must leave a line of history."""

    def __init__(self, app: Flask, person: Person | None) -> None:
        self.app = app
        self.person = person
        self.client = app.test_client()
        with self.client.session_transaction() as session:
            session["csrf_token"] = RAW_TOKEN
            if person is not None:
                session["_user_id"] = person.fs_uniquifier
                session["_fresh"] = True
                session["fs_cc"] = "set"
                session["fs_paa"] = now().timestamp()

    @property
    def token(self) -> str:
        """Signed when it is asked for: tests move the clock, and a token from the future is refused."""
        return URLSafeTimedSerializer(self.app.secret_key, salt="wtf-csrf-token").dumps(RAW_TOKEN)

    def get(self, address: str, *, htmx: bool = False, **options: Any) -> Answer:
        return self.look(self.client.get(address, headers=dress(htmx), **options), htmx=htmx)

    def post(
        self,
        address: str,
        data: dict[str, Any] | None = None,
        *,
        htmx: bool = False,
        closely: bool = True,
        **options: Any,
    ) -> Answer:
        """With the form token added; pass data={"csrf_token": ""} to leave it out. `closely`: look at the markup."""
        data = {"csrf_token": self.token} | (data or {})
        before = History.select().count(), changes_so_far()
        response = self.client.post(address, data=data, headers=dress(htmx), **options)
        response.request.environ["wsgi.input"].close()  # a long body is a file, which the client leaves open
        answer = self.look(response, htmx=htmx, closely=closely)
        after = History.select().count(), changes_so_far()
        if before[1] is not None and after[1] != before[1]:
            assert after[0] > before[0], f"POST {address} changed records and left no line of history"
        return answer

    def look(self, response: TestResponse, *, htmx: bool, closely: bool = True) -> Answer:
        """What is true of every answer. Markup is the same on every database, so it is looked at on one."""
        answer = Answer(response)
        assert answer.status < 500, f"{response.request.path}: {answer.status} {answer.text[:500]}"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"] or not answer.is_html
        if answer.is_html and answer.html:
            assert set(DRESS) <= {name.strip() for name in response.headers.get("Vary", "").split(",")}, "Vary"
            if closely and is_sqlite():
                look_at_elements(answer, response.request.path)
                if not htmx and answer.status != 303:
                    look_at_page(answer)
        return answer


DRESS = ("HX-Request", "HX-Boosted", "HX-History-Restore-Request")


def dress(htmx: bool) -> dict[str, str]:
    return {"HX-Request": "true"} if htmx else {}


def changes_so_far() -> int | None:
    """Rows changed on this thread's SQLite connection (the test client works in the test's own thread)."""
    connection = database.connection()
    return getattr(connection, "total_changes", None)


def look_at_page(answer: Answer) -> None:
    """True of every whole page."""
    shape = shape_of(answer.html)
    if shape not in FOUND_HTML:  # reading HTML by the letter takes as long as all the rest of a visit
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(answer.html)
        wrong = [error for error in parser.errors if error[1] != "unexpected-self-closing-tag"]
        assert not wrong, f"not HTML: {[(error, line_of(answer, error)) for error in wrong[:5]]}"
        FOUND_HTML.add(shape)
    headings = answer.find("h1")
    assert len(headings) == 1, f"{len(headings)} h1"
    title = answer.find("title")[0].text
    heading = " ".join(headings[0].text_content().split())
    assert title.startswith(heading), f"title “{title}” does not start with “{heading}”"
    assert answer.find("html")[0].get("lang")
    assert answer.find("#said[role=status]"), "no status region"


FOUND_HTML: set[tuple[str, ...]] = set()
ESCAPED = re.compile(r"&(?:amp|lt|gt|quot|#34|#39);")
WORDS = re.compile(r"(?<=>)\s*[^<>&\s][^<>&]*(?=<)")
VALUES = re.compile(r'(?<!type=)(?<==)"[^"<>&]*"')
VALUES_BUT_CLASSES = re.compile("(?<!class=)" + VALUES.pattern)
ITEMS = re.compile(r"(?=<(?:tr|li|option)\b)|(?<=</tr>)|(?<=</li>)|(?<=</option>)")


def shape_of(markup: str, *, classes: bool = False) -> tuple[str, ...]:
    """A page without which words, which values, and further items of a list that are like one before.

    What is not rightly escaped stays, and with it a page whose words break it has a shape of its own. `classes`: they
    stay, too.
    """
    bare = WORDS.sub("x", ESCAPED.sub("x", markup))
    return tuple(dict.fromkeys(ITEMS.split((VALUES_BUT_CLASSES if classes else VALUES).sub('""', bare))))


def line_of(answer: Answer, error: tuple) -> str:
    return answer.html.splitlines()[error[0][0] - 1][:400]


def look_at_elements(answer: Answer, address: str) -> None:
    """True of every page and of every part."""
    ids = [element.get("id") for element in answer.find("[id]")]
    assert len(ids) == len(set(ids)), f"ids twice: {sorted(i for i in ids if ids.count(i) > 1)}"
    for element in answer.tree.iter():
        if not isinstance(element.tag, str):
            continue
        inline = [name for name in element.attrib if name.startswith(("on", "hx-on")) or name == "style"]
        assert not inline, f"inline {inline} on <{element.tag}>"
        assert element.tag != "style", "inline style"
        assert element.tag != "script" or element.get("src"), "inline script"
        assert not {"hx-delete", "hx-put", "hx-patch", "hx-boost", "hx-vars"} & set(element.attrib)
        look_at_swaps(element, ids, answer)
    for form in answer.find("form"):
        method = form.get("method", "").lower()
        assert method in ("get", "post"), "a form says its method"
        assert form.get("action"), "a form says its address"
        if form.get("action", "").startswith(("http://", "https://")):
            assert not form.cssselect("[name=csrf_token]"), "our token is nobody else's"
        elif method == "post":
            assert form.cssselect("[name=csrf_token]"), f"form {form.get('action')} without its token"
    for control in answer.find("input, select, textarea"):
        if control.get("type") in ("hidden", "submit", "button"):
            continue
        look_at_label(control, answer)


def look_at_swaps(element: Any, ids: list[str], answer: Answer) -> None:
    for verb, own in (("hx-get", "href"), ("hx-get", "action"), ("hx-post", "action")):
        asked = element.get(verb)
        if asked is not None and element.get(own) is not None:
            assert asked == element.get(own), f"{verb} {asked} is not its {own} {element.get(own)}"
    target = element.get("hx-target", "")
    if re.fullmatch(r"#[\w-]+", target) and answer.find("html"):
        assert target[1:] in ids, f"hx-target {target} is not on the page"


def look_at_label(control: Any, answer: Answer) -> None:
    if control.get("aria-label") or control.get("aria-labelledby"):
        return
    named = control.get("id") and answer.find(f'label[for="{control.get("id")}"]')
    wrapped = any(parent.tag == "label" for parent in control.iterancestors())
    assert named or wrapped, f"no label for {control.get('name')}"


def path_of(address: str) -> str:
    return urlsplit(address).path
