"""*Check now*, its evidence on the page of the step, and the pages of what records should be."""

from collections.abc import Callable

import pytest

from blueprints.accounts.standing import standing_of
from blueprints.gateways.bounds import Bounds
from blueprints.gateways.evidence import Outcome, Verdict
from blueprints.plans import jobs
from blueprints.plans.watching import keep_answer
from data.history import History, sentence
from data.partners import Partner
from data.plans import Plan, PlanCheck
from tests.factories import World
from tests.plans.checked import checked, expect, handed_in, newest
from tests.plans.planned import a_plan, finish, step
from tests.services import DnsServer
from tests.visits import Answer, Visitor

Within = Callable[..., Bounds]


@pytest.fixture
def plan(world: World) -> Plan:
    made = a_plan(world)
    handed_in(made, mail_domains=["company.example"])
    return made


def base(plan: Plan) -> str:
    return f"/customers/{plan.customer_id}/plan"


def of_step(plan: Plan, key: str = "domains") -> str:
    return f"{base(plan)}/{step(plan, key).id}"


def newest_lines() -> list[str]:
    return [sentence(line) for line in History.select().order_by(History.id.desc()).limit(3)]


def words(answer: Answer, selector: str) -> str:
    return " ".join(answer.find(selector)[0].text_content().split())


@pytest.mark.parametrize(
    ("key", "words"),
    [("spf", "What the records of this customer should be"), ("inbound", "Certificates that are accepted as they are")],
)
def test_leads_to_what_is_expected(technician: Visitor, world: World, key: str, words: str) -> None:
    plan = a_plan(world, infrastructure="onprem")
    handed_in(plan)
    (link,) = technician.get(of_step(plan, key)).find("#evidence a[href*='/expected']")
    assert link.text_content() == words
    page, _, part = link.get("href").partition("#")
    assert not part or technician.get(page).find(f"#{part}")


class TestPassedAndNotDone:
    """When the portal looks again, and what is missing until then."""

    def page(self, technician: Visitor, world: World, plan: Plan, key: str) -> str:
        row = step(plan, key)
        keep_answer(standing_of(world.technician), plan.customer_id, row.id, Verdict(Outcome.PASSED, "It is there."))
        said = words(technician.get(of_step(plan, key)), "#evidence")
        assert "Passed It is there." in said
        assert "Looked at again by itself:" in said
        return said

    def test_what_it_waits_for(self, technician: Visitor, world: World, plan: Plan) -> None:
        said = self.page(technician, world, plan, "spf")
        assert "Not done yet: it waits for Prove that the domains are yours." in said

    def test_from_when_on_it_can_be_done(self, technician: Visitor, world: World) -> None:
        plan = a_plan(world, "migration")
        handed_in(plan, mail_domains=["company.example"])
        finish(world, plan, *step(plan, "mx_change").after, "mx_change")
        said = self.page(technician, world, plan, "mx_spread")
        until = newest(plan, "mx_spread").again_at
        assert until is not None
        assert f"Not done yet: not before {until:%-d %b %Y}, " in said

    def test_that_somebody_says_the_list_is_whole(self, technician: Visitor, world: World) -> None:
        plan = a_plan(world, "migration")
        handed_in(plan)
        said = self.page(technician, world, plan, "imap_test")
        assert "Not done yet: somebody has to say that nobody is missing from the list" in said

    def test_nothing_once_it_is_done(self, technician: Visitor, world: World, plan: Plan) -> None:
        finish(world, plan, "domains")
        assert "Not done yet" not in self.page(technician, world, plan, "spf")


class TestCheckNow:
    def test_asks_and_says_so_in_place(self, technician: Visitor, plan: Plan) -> None:
        answer = technician.post(f"{of_step(plan)}/check", htmx=True)
        assert answer.status == 200
        assert answer.find("#step")
        assert "“Prove that the domains are yours” is being checked." in answer.text
        assert "Being checked now" in words(answer, "#evidence")
        assert PlanCheck.get().state == "due"
        assert newest_lines()[0] == "Step “Prove that the domains are yours”: asked for its check"

    def test_works_without_htmx(self, technician: Visitor, plan: Plan) -> None:
        answer = technician.post(f"{of_step(plan)}/check")
        assert (answer.status, answer.location) == (303, of_step(plan))
        assert "is being checked" in technician.get(of_step(plan)).text

    def test_refuses_a_second_one_meanwhile(self, technician: Visitor, plan: Plan) -> None:
        technician.post(f"{of_step(plan)}/check")
        for htmx in (True, False):
            answer = technician.post(f"{of_step(plan)}/check", htmx=htmx)
            assert answer.status == 409
            assert "is being checked already" in words(answer, "#evidence")
        assert PlanCheck.select().count() == 1

    def test_refuses_what_has_no_check(self, technician: Visitor, plan: Plan) -> None:
        answer = technician.post(f"{of_step(plan, 'configure')}/check", htmx=True)
        assert answer.status == 422
        assert "nothing about this step" in answer.text

    def test_hides_others_and_refuses_readers(
        self, stranger: Visitor, viewer: Visitor, technician: Visitor, plan: Plan
    ) -> None:
        assert stranger.post(f"{of_step(plan)}/check").status == 404
        assert viewer.post(f"{of_step(plan)}/check").status == 403
        assert technician.post(f"{base(plan)}/999999/check").status == 404
        assert not PlanCheck.select().exists()


class TestEvidence:
    def test_shows_what_was_asked_and_answered_escaped(
        self, world: World, technician: Visitor, plan: Plan, within: Within, names: DnsServer
    ) -> None:
        finish(world, plan, "configure")
        names.zones["company.example"] = {"NS": ["ns1.company.example."], "TXT": ['"<script>alert(1)</script>"']}
        expect(plan, token=["provider-token=tide"])
        checked(world, plan, "domains")
        page = technician.get(of_step(plan))
        shown = words(page, "#evidence")
        assert "Failed" in shown
        assert "company.example has TXT records, but not “provider-token=tide”." in shown
        assert "<script>alert(1)</script>" in shown
        assert not any("alert" in (script.text or "") for script in page.find("script"))
        assert "ns1.company.example" in shown

    def test_shows_the_record_to_publish(self, technician: Visitor, plan: Plan) -> None:
        expect(plan, token=["company.example provider-token=tide"], token_name="_proof")
        page = technician.get(of_step(plan))
        number = step(plan, "domains").id
        assert words(page, f"#record-{number}-1-name") == "_proof.company.example"
        assert words(page, f"#record-{number}-1-value") == "provider-token=tide"

    def test_readers_see_it_and_cannot_ask(self, viewer: Visitor, plan: Plan) -> None:
        page = viewer.get(of_step(plan))
        assert words(page, "#evidence h2") == "Check"
        assert not page.find("#evidence form")


GOOD = {
    "mx": "10 MX1.provider.example.\n20 {dashes}.provider.example",
    "spf_include": "_spf.provider.example",
    "dkim_selectors": "s1\ns2",
    "dkim_target": "{selector}.{dashes}.keys.provider.example",
    "autodiscover": "autodiscover.provider.example",
    "dmarc_policy": "quarantine",
    "dmarc_reports": "DMARC@provider.example",
    "token": "company.example provider-token=tide",
    "token_name": "_proof",
    "version": "1",
}
KEPT = {
    "mx": ["10 mx1.provider.example", "20 {dashes}.provider.example"],
    "spf_include": ["include:_spf.provider.example"],
    "dkim_selectors": ["s1", "s2"],
    "dkim_target": "{selector}.{dashes}.keys.provider.example",
    "autodiscover": ["autodiscover.provider.example"],
    "dmarc_policy": "quarantine",
    "dmarc_reports": "dmarc@provider.example",
    "token": ["company.example provider-token=tide"],
    "token_name": "_proof",
}
WRONG = {
    "mx": "10 mx one.example",
    "spf_include": "v=spf1 -all",
    "dkim_selectors": "s 1",
    "dkim_target": "keys.provider.example",
    "autodiscover": "https://provider.example",
    "dmarc_policy": "perhaps",
    "dmarc_reports": "nobody",
    "token": "not a token",
    "token_name": "_proof!",
}


class TestExpectedOfPartner:
    def here(self, world: World) -> str:
        return f"/partner/{world.northstar.id}/expected"

    def test_saves_and_says_so(self, admin: Visitor, world: World) -> None:
        answer = admin.post(self.here(world), GOOD, htmx=True)
        assert answer.headers["HX-Redirect"] == self.here(world)
        assert Partner.get_by_id(world.northstar.id).expected == KEPT
        assert newest_lines()[0].startswith("Partner settings: mail hosts empty → 10 mx1.provider.example, 20 {dashes}")
        page = admin.get(self.here(world))
        assert "Saved: mail hosts empty" in page.text
        assert page.value("mx").split() == ["10", "mx1.provider.example", "20", "{dashes}.provider.example"]

    def test_works_without_htmx(self, admin: Visitor, world: World) -> None:
        answer = admin.post(self.here(world), GOOD)
        assert (answer.status, answer.location) == (303, self.here(world))

    def test_shows_all_that_is_wrong_and_keeps_the_typing(self, admin: Visitor, world: World) -> None:
        answer = admin.post(self.here(world), WRONG | {"version": "1"}, htmx=True)
        assert answer.status == 422
        for name in WRONG:
            assert answer.find(f"#{name}-why"), name
        assert answer.value("mx") == WRONG["mx"]
        assert Partner.get_by_id(world.northstar.id).expected == {}

    def test_refuses_what_changed_meanwhile(self, admin: Visitor, world: World) -> None:
        admin.post(self.here(world), GOOD)
        answer = admin.post(self.here(world), GOOD | {"mx": "10 mx9.provider.example"}, htmx=True)
        assert answer.status == 409
        assert (answer.value("mx"), answer.value("version")) == ("10 mx9.provider.example", "2")

    def test_saving_the_same_again_changes_nothing(self, admin: Visitor, world: World) -> None:
        admin.post(self.here(world), GOOD)
        lines = History.select().count()
        admin.post(self.here(world), GOOD | {"version": "2"})
        assert History.select().count() == lines


class TestExpectedOfCustomer:
    def test_says_otherwise_for_one_customer(self, technician: Visitor, world: World, plan: Plan) -> None:
        expect(plan, mx=["10 mx1.provider.example"], dkim_selectors=["s1"])
        page = technician.get(f"{base(plan)}/expected")
        assert "While it is empty: 10 mx1.provider.example" in page.text
        typed = {"mx": "10 mx7.provider.example", "version": page.value("version")}
        answer = technician.post(f"{base(plan)}/expected", typed)
        assert (answer.status, answer.location) == (303, base(plan))
        assert Plan.get_by_id(plan.id).expected == {"mx": ["10 mx7.provider.example"]}
        assert newest_lines()[0] == "Expected records: mail hosts empty → 10 mx7.provider.example"
        number = step(plan, "mx_change").id
        shown = technician.get(of_step(plan, "mx_change"))
        assert words(shown, f"#record-{number}-1-value") == "10 mx7.provider.example"

    def test_shows_what_is_wrong_and_keeps_the_typing(self, technician: Visitor, plan: Plan) -> None:
        answer = technician.post(f"{base(plan)}/expected", WRONG | {"version": str(plan.version)}, htmx=True)
        assert answer.status == 422
        assert answer.value("spf_include") == WRONG["spf_include"]

    def test_refuses_what_changed_meanwhile(self, technician: Visitor, plan: Plan) -> None:
        answer = technician.post(f"{base(plan)}/expected", GOOD | {"version": str(plan.version - 1)}, htmx=True)
        assert answer.status == 409
        assert answer.value("dmarc_policy") == "quarantine"
        assert Plan.get_by_id(plan.id).expected == {}

    def test_a_wrong_value_hides_no_change_of_others(self, technician: Visitor, plan: Plan) -> None:
        """What was seen is still what was seen when the value is mended: others have changed it meanwhile."""
        before = {"version": str(plan.version - 1)}
        answer = technician.post(f"{base(plan)}/expected", WRONG | before)
        assert answer.status == 422
        (seen,) = answer.find("#expected [name=version]")
        assert technician.post(f"{base(plan)}/expected", GOOD | {"version": seen.get("value")}).status == 409

    def test_change_after_the_onboarding_too(self, technician: Visitor, plan: Plan) -> None:
        """What is watched from then on is watched as it should be by now."""
        Plan.update(state="done").where(Plan.id == plan.id).execute()
        page = technician.get(f"{base(plan)}/expected")
        assert page.find("#expected form")
        answer = technician.post(f"{base(plan)}/expected", GOOD | {"version": str(plan.version)})
        assert (answer.status, bool(Plan.get_by_id(plan.id).expected)) == (303, True)
        Plan.update(state="closed").where(Plan.id == plan.id).execute()
        assert not technician.get(f"{base(plan)}/expected").find("#expected form")

    def test_readers_read(self, viewer: Visitor, stranger: Visitor, plan: Plan) -> None:
        page = viewer.get(f"{base(plan)}/expected")
        assert page.status == 200
        assert not page.find("#expected form")
        assert viewer.post(f"{base(plan)}/expected", GOOD).status == 403
        assert stranger.get(f"{base(plan)}/expected").status == 404


def test_the_answer_comes_to_the_open_page_by_itself(
    world: World, technician: Visitor, plan: Plan, within: Within, names: DnsServer
) -> None:
    finish(world, plan, "configure")
    expect(plan, token=["provider-token=tide"])
    names.zones["company.example"] = {"NS": ["ns1.company.example."], "TXT": ['"provider-token=tide"']}
    page = technician.post(f"{of_step(plan)}/check", htmx=True)
    looks_at = page.find("#step")[0].get("hx-get")
    assert technician.get(looks_at, htmx=True).status == 204
    jobs.check_all()
    changed = technician.get(looks_at, htmx=True)
    assert changed.status == 200
    assert "Passed" in words(changed, "#evidence")
    assert "Done" in words(changed, ".head")
