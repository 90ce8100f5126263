"""Letters drawn from their templates, and letters written into the mailroom."""

from datetime import UTC, datetime

import pytest
from jinja2 import TemplateNotFound, UndefinedError
from lxml import html as parser

from blueprints.mailroom import rules
from blueprints.mailroom.letters import TEMPLATES, drawn, environment
from data.customers import Customer
from data.database import transaction
from data.emails import Email
from data.history import PORTAL, History
from tests.factories import World, a_customer
from tests.mailroom.writing import a_letter

FACTS = {
    "address": "https://portal.example",
    "asked_by": "Ada <script>",
    "asked_at": datetime(2026, 11, 21, 12, tzinfo=UTC),
    "timezone": "Europe/Berlin",
}


class TestDrawn:
    def test_escapes_in_html_only(self) -> None:
        text, html = drawn("mailroom_test", **FACTS)
        assert "Ada <script> asked for it" in text
        assert "Ada &lt;script&gt; asked for it" in html
        assert "13:00" in text
        assert text.endswith(".\n")
        assert "\n\n\n" not in text

    def test_a_forgotten_fact_is_an_error(self) -> None:
        with pytest.raises(UndefinedError):
            drawn("mailroom_test", **{name: fact for name, fact in FACTS.items() if name != "asked_by"})

    def test_a_letter_nobody_wrote_is_an_error(self) -> None:
        with pytest.raises(TemplateNotFound):
            drawn("no_such_letter")

    def test_needs_nothing_from_elsewhere(self) -> None:
        """No picture, font or script: readers refuse them, and they tell on who reads."""
        _, html = drawn("mailroom_test", **FACTS)
        tree = parser.fromstring(html)
        assert not tree.cssselect("img, link, script, iframe, object, form")
        assert "url(" not in html
        assert "@import" not in html

    def test_tables_say_that_they_are_only_for_looks(self) -> None:
        _, html = drawn("mailroom_test", **FACTS)
        assert all(table.get("role") == "presentation" for table in parser.fromstring(html).cssselect("table"))

    def test_every_letter_has_both_forms(self) -> None:
        names = {path.stem for path in (TEMPLATES / "emails").glob("*") if path.stem not in ("layout", "parts")}
        for name in names:
            for form in ("txt", "html"):
                environment().get_template(f"emails/{name}.{form}")


class TestWrite:
    def test_waits_with_its_line_of_history(self, world: World) -> None:
        world.northstar.reply_to = "help@northstar.example"
        world.northstar.save()
        letter = a_letter(world)
        assert (letter.state, letter.reply_to, letter.tries) == ("waiting", "help@northstar.example", 0)
        assert [line.kind for line in History.select()] == ["email.queued"]

    def test_vanishes_with_what_it_tells(self, world: World) -> None:
        def tell_and_break() -> None:
            with transaction():
                a_letter(world)
                raise RuntimeError("what it tells did not happen")

        with pytest.raises(RuntimeError):
            tell_and_break()
        assert Email.select().count() == 0

    def test_header_fields_are_one_line_and_nothing_is_invisible(self, world: World) -> None:
        letter = a_letter(
            world, subject="Hello\r\nBcc: x@y.example\x00", to_name="Ines\tLead\x7f", text="a\x00b\r\nc\td"
        )
        assert letter.subject == "Hello Bcc: x@y.example"
        assert letter.to_name == "Ines Lead"
        assert letter.text == "ab\nc\td"

    @pytest.mark.parametrize("owner", ["id", "record", "customer", "customer id"])
    def test_finds_its_partner(self, world: World, owner: str) -> None:
        customer: Customer = a_customer(world.northstar)
        given = {
            "id": {"partner": world.northstar.id},
            "record": {"partner": world.northstar},
            "customer": {"partner": None, "customer": customer},
            "customer id": {"partner": None, "customer": customer.id},
        }[owner]
        assert a_letter(world, **given).partner_id == world.northstar.id

    @pytest.mark.parametrize("address", ["", "nobody", "\r\n"])
    def test_refuses_no_address(self, world: World, address: str) -> None:
        with pytest.raises(rules.NoAddress), transaction():
            rules.write(PORTAL, kind="x", to_email=address, subject="x", text="x")
