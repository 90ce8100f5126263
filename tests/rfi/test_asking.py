"""Which questions are asked: by infrastructure, services and earlier answers; what is proposed for them."""

import pytest

from blueprints.rfi.asking import ask, asked, prefilled
from data.conditions import WrongCondition, condition_table, read_condition
from data.customers import INFRASTRUCTURES
from data.definitions import SHIPPED, read_question_sets
from data.questions import QuestionSet
from tests.rfi.situations import a_question, a_situation

ALL_SERVICES = ("security", "archiving", "continuity", "migration")


@pytest.fixture(scope="module")
def shipped() -> QuestionSet:
    return read_question_sets(SHIPPED)


def ids(questions: QuestionSet, infrastructure: str = "m365", services: tuple[str, ...] = (), **answers: object) -> set:
    situation = a_situation(infrastructure, services, answers={"infrastructure": infrastructure, **answers})
    return {question.id for question in ask(questions, situation).questions}


# --- which ------------------------------------------------------------------------------------------------


def test_the_infrastructure_swaps_the_questions(shipped: QuestionSet) -> None:
    assert "tenant" in ids(shipped, "m365")
    assert "tenant" not in ids(shipped, "google")
    assert {"google_hosts", "google_admin"} <= ids(shipped, "google")
    assert {"inbound_hosts", "outbound_ips", "firewall"} <= ids(shipped, "onprem")
    assert "outbound_ips" not in ids(shipped, "m365"), "its addresses are published"
    assert {"host_company", "host_inbound"} <= ids(shipped, "hosted")


def test_a_hybrid_is_asked_for_both_halves_and_how_they_divide(shipped: QuestionSet) -> None:
    assert {"tenant", "inbound_hosts", "m365_cloud_domains", "m365_sends_locally"} <= ids(shipped, "hybrid_m365")
    assert {"google_hosts", "inbound_hosts", "google_local_domains"} <= ids(shipped, "hybrid_google")


def test_other_systems_are_asked_who_runs_them_first(shipped: QuestionSet) -> None:
    assert not {"inbound_hosts", "host_company"} & ids(shipped, "other")
    assert "inbound_hosts" in ids(shipped, "other", run_by="own")
    assert "host_company" in ids(shipped, "other", run_by="company")


def test_services_add_their_questions(shipped: QuestionSet) -> None:
    assert "recipient_validation" in ids(shipped, services=("security",))
    assert "retention_years" in ids(shipped, services=("archiving",))
    assert "continuity_people" in ids(shipped, services=("continuity",))
    assert "imap_host" in ids(shipped, services=("migration",))
    assert not {"recipient_validation", "retention_years", "imap_host"} & ids(shipped)


def test_without_an_infrastructure_only_the_common_questions_are_asked(shipped: QuestionSet) -> None:
    common = ids(shipped, "", ())
    for infrastructure in INFRASTRUCTURES:
        assert common <= ids(shipped, infrastructure, ())
    assert not {"tenant", "google_hosts", "inbound_hosts"} & common


def test_earlier_answers_bring_and_take_questions(shipped: QuestionSet) -> None:
    assert "ldap_password" not in ids(shipped, "onprem")
    assert "ldap_password" in ids(shipped, "onprem", directory_sync="ldap")
    assert "filter_ends" in ids(shipped, services=("security",), filter_now="replaced")
    assert "filter_ends" not in ids(shipped, services=("security",), filter_now="kept")


def test_an_answer_to_a_question_that_is_not_asked_counts_for_nothing(shipped: QuestionSet) -> None:
    left = {"google_directory": "yes", "infrastructure": "m365"}
    assert "ldap" in choices(shipped, "google", {"google_directory": "yes"})
    assert "ldap" not in choices(shipped, "m365", left)
    narrowed = ask(shipped, a_situation("m365", answers=left)).situation
    assert "google_directory" not in narrowed.answers


def choices(questions: QuestionSet, infrastructure: str, answers: dict) -> set[str]:
    found = ask(questions, a_situation(infrastructure, answers={"infrastructure": infrastructure, **answers})).questions
    return {choice.value for question in found if question.id == "directory_sync" for choice in question.choices}


@pytest.mark.parametrize(
    ("infrastructure", "ways"),
    [
        ("m365", {"cloud", "agent", "none"}),
        ("onprem", {"ldap", "agent", "none"}),
        ("hybrid_m365", {"cloud", "ldap", "agent", "none"}),
        ("google", {"list", "none"}),
        ("hybrid_google", {"ldap", "list", "none"}),
        ("hosted", {"ldap", "list", "none"}),
        ("other", {"ldap", "list", "none"}),
    ],
)
def test_users_are_made_known_in_the_ways_that_the_infrastructure_has(
    shipped: QuestionSet, infrastructure: str, ways: set[str]
) -> None:
    assert choices(shipped, infrastructure, {}) == ways


def test_domains_that_were_answered_can_be_chosen_later(shipped: QuestionSet) -> None:
    answers = {"mail_domains": ["Acme.example", "nonsense", "bücher.example", "acme.example"]}
    found = {question.id: question for question in ask(shipped, a_situation(answers=answers)).questions}
    assert [(choice.value, choice.label) for choice in found["primary_domain"].choices] == [
        ("acme.example", "acme.example"),
        ("xn--bcher-kva.example", "bücher.example"),
    ]


def test_sections_without_a_question_are_left_out(shipped: QuestionSet) -> None:
    sections = [section.id for section in asked(shipped, a_situation(services=("security",)))]
    assert "archive" not in sections
    assert "moving" not in sections
    assert sections[0] == "contacts"
    assert sections[-1] == "finish"


@pytest.mark.parametrize("infrastructure", INFRASTRUCTURES)
def test_the_largest_set_is_about_sixty_questions(shipped: QuestionSet, infrastructure: str) -> None:
    answers = {"imap_login": "admin", "filter_now": "replaced", "dns_changes": "someone", "directory_sync": "ldap"}
    assert 40 <= len(ids(shipped, infrastructure, ALL_SERVICES, **answers)) <= 75


# --- proposed ---------------------------------------------------------------------------------------------


def test_what_is_known_is_proposed_in_the_shape_of_the_kind() -> None:
    situation = a_situation()
    assert prefilled(a_question("ips", prefill="partner.outbound_ips"), situation) == ["8.8.8.8", "8.8.4.4"]
    assert prefilled(a_question("host", prefill="partner.smart_host"), situation) == "smtp.partner.example"
    assert prefilled(a_question("number", prefill="customer.permitted_users"), situation) == "25"
    assert prefilled(a_question("domains", prefill="customer.primary_domain"), situation) == ["acme.example"]
    assert prefilled(a_question("line"), situation) is None
    assert prefilled(a_question("line", prefill="customer.infrastructure"), situation) is None, "nothing is known yet"


def test_mail_hosts_are_proposed_where_they_fit() -> None:
    mail = {"acme.example": {"mail": ["acme.mail.protection.outlook.com"], "name_servers": ["ns1.names.example"]}}
    situation = a_situation(lookups=mail)
    tenant = a_question("host", prefill="mx.hosts", ends_with=["mail.protection.outlook.com"])
    assert prefilled(tenant, situation) == "acme.mail.protection.outlook.com"
    assert prefilled(a_question("hosts", prefill="mx.hosts", ends_with=["google.com"]), situation) is None
    assert prefilled(a_question("line", prefill="ns.hosts"), situation) == "ns1.names.example"
    assert prefilled(a_question("line", prefill="mx.filter"), situation) is None, "mailboxes are no filter"


def test_a_filter_is_proposed_by_its_name() -> None:
    situation = a_situation(lookups={"acme.example": {"mail": ["mx1-eu1.ppe-hosted.com"]}})
    assert prefilled(a_question("line", prefill="mx.filter"), situation) == "Proofpoint Essentials"


def test_a_domain_that_takes_no_mail_proposes_no_host() -> None:
    situation = a_situation(lookups={"acme.example": {"mail": ["."]}})
    assert prefilled(a_question("hosts", prefill="mx.hosts"), situation) is None


def test_what_is_proposed_counts_until_somebody_answers(shipped: QuestionSet) -> None:
    situation = ask(shipped, a_situation(answers={})).situation
    assert situation.answers["mail_domains"] == ["acme.example"]
    emptied = ask(shipped, a_situation(answers={"mail_domains": []})).situation
    assert emptied.answers["mail_domains"] == []


# --- conditions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"infrastructure": ["m365", "google"]}, True),
        ({"infrastructure": ["google"]}, False),
        ({"services": ["migration", "security"]}, True),
        ({"services": ["migration"]}, False),
        ({"answer": {"colour": ["red", "blue"]}}, True),
        ({"answer": {"colour": ["green"]}}, False),
        ({"answer": {"many": ["b"]}}, True),
        ({"answer": {"colour": ["given"]}}, True),
        ({"answer": {"none": ["empty"]}}, True),
        ({"answer": {"blank": ["given"]}}, False),
        ({"answer": {"group": ["given"]}}, True),
        ({"answer": {"port": [389]}}, True),
        ({"answer": {"colour": ["red"]}, "services": ["migration"]}, False),
        ({"all": [{"answer": {"colour": ["red"]}}, {"services": ["security"]}]}, True),
        ({"any": [{"answer": {"colour": ["green"]}}, {"services": ["security"]}]}, True),
        ({"any": [{"answer": {"colour": ["green"]}}, {"services": ["migration"]}]}, False),
        ({"later": {"second": "first"}}, True),
        ({"later": {"first": "second"}}, False),
        ({"later": {"first": "first"}}, False),
        ({"later": {"first": "none"}}, False),
        ({"later": {"first": "colour"}}, False),
        ({"sooner": {"night": "evening"}, "hours": 72}, True),
        ({"sooner": {"night": "evening"}, "hours": 5}, False),
        ({"sooner": {"evening": "none"}, "hours": 5}, False),
        ({"later": {"evening": "first"}}, True),
    ],
)
def test_conditions_hold_when_every_part_does(condition: dict, holds: bool) -> None:
    answers = {
        "colour": "red",
        "many": ["a", "b"],
        "none": None,
        "blank": "  ",
        "group": {"name": "Ada", "email": ""},
        "port": "389",
        "first": "2030-03-01",
        "second": "2030-03-02",
        "evening": "2030-03-02T20:00",
        "night": "2030-03-03T02:00",
    }
    read = read_condition(condition)
    assert read.holds(a_situation("m365", ("security",), answers=answers)) is holds
    assert read_condition(condition_table(read)) == read, "it is written down as it was read"


@pytest.mark.parametrize("table", [{}, [], "m365", {"all": []}, {"any": {}}, {"answer": []}, {"answer": {"a": "b"}}])
def test_refuses_what_is_no_condition(table: object) -> None:
    with pytest.raises(WrongCondition):
        read_condition(table)
