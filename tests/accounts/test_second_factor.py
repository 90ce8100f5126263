"""The second factor, with codes computed as an authenticator app does, and the recovery codes."""

import base64
import threading
import time
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from blueprints.accounts.second_factor import key_for
from data.accounts import Person
from data.database import database
from data.moments import now
from tests.accounts.steps import (
    PASSWORD,
    code_for_key,
    code_of,
    just_signed_in,
    sign_in,
    told,
    with_password,
    with_second_factor,
)
from tests.factories import World
from tests.visits import Answer, Visitor

DEVICE = "/account/second-factor"


@pytest.fixture
def ada(app: Flask, world: World) -> Person:
    return with_password(app, world.admin)


@pytest.fixture
def guarded(app: Flask, ada: Person) -> Person:
    """Ada, who switched the second factor on a minute ago."""
    with time_machine.travel(now() - timedelta(minutes=1)):
        visitor = Visitor(app, None)
        sign_in(visitor, ada)
        with_second_factor(app, visitor)
    return Person.get_by_id(ada.id)


def set_up(visitor: Visitor) -> tuple[str, str]:
    """The key shown, and where the code goes."""
    shown = visitor.post(DEVICE, {"setup": "authenticator"})
    assert shown.status == 200
    return shown.find("#key")[0].text, shown.find(f"form[action^='{DEVICE}/']")[0].get("action")


def codes_shown(answer: Answer) -> list[str]:
    return answer.find("#codes")[0].text.split()


def test_is_set_up_with_a_drawing_or_a_key_and_a_code(nobody: Visitor, ada: Person, app: Flask) -> None:
    sign_in(nobody, ada)
    assert "Off" in nobody.get(DEVICE).text
    shown = nobody.post(DEVICE, {"setup": "authenticator"})
    drawing = shown.find("img")[0].get("src")
    assert drawing.startswith("data:image/svg+xml;base64,")
    svg = base64.b64decode(drawing.split(",")[1]).decode()
    assert "<svg" in svg
    assert "white" in svg, "a white ground, so that it can be scanned from a dark page"
    assert Person.get_by_id(ada.id).tf_primary_method is None, "nothing is on before a code was right"
    key, action = shown.find("#key")[0].text, shown.find(f"form[action^='{DEVICE}/']")[0].get("action")
    done = nobody.post(action, {"code": code_for_key(key)})
    assert (done.status, done.location) == (303, "/account/recovery-codes")
    assert "Make recovery codes now" in nobody.get(done.location).text
    assert told()[-1] == "Ada Admin switched the second factor on"
    assert "Change or switch off" in nobody.get("/account").text


def test_a_mistyped_code_leaves_the_drawing_as_it_was(nobody: Visitor, ada: Person) -> None:
    sign_in(nobody, ada)
    key, action = set_up(nobody)
    wrong = nobody.post(action, {"code": "000000"})
    assert wrong.status == 422
    assert wrong.find("#key")[0].text == key
    assert "This code is wrong" in wrong.find(".why")[0].text_content()
    assert nobody.post(action, {"code": code_for_key(key)}).status == 303


@pytest.mark.parametrize("token", ["x", "a.b.c", "%00"])
def test_a_set_up_that_nobody_began_begins_anew(nobody: Visitor, ada: Person, token: str) -> None:
    sign_in(nobody, ada)
    assert nobody.post(f"{DEVICE}/{token}", {"code": "123456"}).location == DEVICE


def test_a_set_up_ends_after_half_an_hour(nobody: Visitor, ada: Person) -> None:
    sign_in(nobody, ada)
    key, action = set_up(nobody)
    with time_machine.travel(now() + timedelta(minutes=31)):
        assert nobody.post(action, {"code": code_for_key(key)}).location == DEVICE
    assert Person.get_by_id(ada.id).tf_primary_method is None


def test_the_password_alone_no_longer_signs_in(nobody: Visitor, guarded: Person, app: Flask) -> None:
    half = sign_in(nobody, guarded)
    assert half.status == 303
    assert half.location.startswith("/sign-in/code")
    assert nobody.get("/account").status == 303
    assert told()[-1] != "Ada Admin signed in from 127.0.0.1" or told().count("Ada Admin signed in from 127.0.0.1") == 1
    asked = nobody.get(half.location)
    assert "six digits" in asked.text
    done = nobody.post(half.location, {"code": code_of(app, guarded)})
    assert done.status == 303
    assert nobody.get("/account").status == 200
    assert told().count("Ada Admin signed in from 127.0.0.1") == 2


def test_goes_on_where_the_person_was_going(nobody: Visitor, guarded: Person, app: Flask) -> None:
    half = sign_in(nobody, guarded, next="/people/new")
    action = nobody.get(half.location).find("form")[0].get("action")
    assert nobody.post(action, {"code": code_of(app, guarded)}).location == "/people/new"


def test_goes_nowhere_else(nobody: Visitor, guarded: Person, app: Flask) -> None:
    sign_in(nobody, guarded)
    done = nobody.post("/sign-in/code", {"code": code_of(app, guarded)}, query_string={"next": "//evil.example"})
    assert done.location == "/"


def test_reads_a_code_with_a_space_in_it(nobody: Visitor, guarded: Person, app: Flask) -> None:
    sign_in(nobody, guarded)
    code = code_of(app, guarded)
    assert nobody.post("/sign-in/code", {"code": f" {code[:3]} {code[3:]} "}).status == 303
    assert nobody.get("/account").status == 200


@pytest.mark.parametrize("code", ["", "0", "000000", "abcdef", "9" * 19, "9" * 5000, "\x00", "１２３４５６", "-12345"])
def test_refuses_what_is_not_the_code(nobody: Visitor, guarded: Person, code: str) -> None:
    sign_in(nobody, guarded)
    assert nobody.post("/sign-in/code", {"code": code}).status == 422
    assert nobody.get("/account").status == 303


def test_a_code_opens_once(nobody: Visitor, guarded: Person, app: Flask) -> None:
    sign_in(nobody, guarded)
    code = code_of(app, guarded)
    nobody.post("/sign-in/code", {"code": code})
    onlooker = Visitor(app, None)
    sign_in(onlooker, guarded)
    assert onlooker.post("/sign-in/code", {"code": code}).status == 422
    assert onlooker.get("/account").status == 303


def test_a_clock_may_be_half_a_minute_wrong_and_no_more(nobody: Visitor, guarded: Person, app: Flask) -> None:
    sign_in(nobody, guarded)
    assert nobody.post("/sign-in/code", {"code": code_of(app, guarded, later=120)}).status == 422
    assert nobody.post("/sign-in/code", {"code": code_of(app, guarded, later=29)}).status == 303


def test_codes_that_are_guessed_at_rest_a_while(nobody: Visitor, guarded: Person, app: Flask) -> None:
    sign_in(nobody, guarded)
    for _ in range(10):
        assert nobody.post("/sign-in/code", {"code": "000000"}).status == 422
    assert nobody.post("/sign-in/code", {"code": code_of(app, guarded)}).status == 429
    anew = Visitor(app, None)
    sign_in(anew, guarded)
    assert anew.post("/sign-in/code", {"code": code_of(app, guarded)}).status == 429, "in a new session too"


def test_there_is_no_second_half_without_the_first(nobody: Visitor) -> None:
    for address in ("/sign-in/code", "/sign-in/recovery-code"):
        assert nobody.get(address).location == "/sign-in"
        assert nobody.post(address, {"code": "123456"}).location == "/sign-in"


def test_who_is_switched_off_between_the_halves_stays_out(nobody: Visitor, guarded: Person, app: Flask) -> None:
    sign_in(nobody, guarded)
    code = code_of(app, guarded)
    Person.update(active=False).where(Person.id == guarded.id).execute()
    nobody.post("/sign-in/code", {"code": code})
    assert nobody.get("/account").status == 303


def test_switching_off_takes_the_recovery_codes_along(nobody: Visitor, ada: Person, app: Flask) -> None:
    sign_in(nobody, ada)
    with_second_factor(app, nobody)
    nobody.post("/account/recovery-codes", {"generate_new_codes": "1"})
    off = nobody.post(DEVICE, {"setup": "disable"})
    assert off.status == 303
    assert nobody.get("/account/recovery-codes").location == "/account"
    person = Person.get_by_id(ada.id)
    assert (person.tf_primary_method, person.tf_totp_secret, person.mf_recovery_codes) == (None, None, None)
    assert told()[-1] == "Ada Admin switched the second factor off"
    assert sign_in(Visitor(app, None), ada).location == "/"


def test_asks_for_the_password_again_when_the_sign_in_is_long_ago(nobody: Visitor, ada: Person) -> None:
    sign_in(nobody, ada)
    with nobody.client.session_transaction() as session:
        session["fs_paa"] = time.time() - 31 * 60
    asked = nobody.get(DEVICE)
    assert asked.location == f"/account/confirm?next={DEVICE}"
    assert nobody.post(asked.location, {"password": "wrong"}).status == 422
    page = nobody.get(asked.location)
    sure = nobody.post("/account/confirm", {"password": PASSWORD, "next": page.value("next")})
    assert sure.location == DEVICE
    assert nobody.get(DEVICE).status == 200


def test_the_secret_is_not_kept_in_the_clear(guarded: Person, app: Flask) -> None:
    totp = app.extensions["security"].totp_factory._totp.from_source(guarded.tf_totp_secret)
    assert totp.base32_key not in guarded.tf_totp_secret


def test_another_secret_key_opens_no_second_factor_and_breaks_nothing(
    nobody: Visitor, guarded: Person, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = code_of(app, guarded)
    factory = app.extensions["security"].totp_factory
    monkeypatch.setattr(factory, "_totp", type(factory)({"1": key_for("one-time codes", "another")}, "Quayside")._totp)
    sign_in(nobody, guarded)
    assert nobody.post("/sign-in/code", {"code": code}).status == 422


# --- recovery codes ------------------------------------------------------------------------------


@pytest.fixture
def codes(guarded: Person, app: Flask) -> list[str]:
    visitor = just_signed_in(Visitor(app, guarded))
    made = visitor.post("/account/recovery-codes", {"generate_new_codes": "1"})
    assert made.status == 200
    return codes_shown(made)


def test_makes_ten_codes_shows_them_again_and_keeps_them_encrypted(
    guarded: Person, codes: list[str], app: Flask
) -> None:
    assert len(set(codes)) == 10
    assert told()[-1] == "Ada Admin made new recovery codes"
    again = just_signed_in(Visitor(app, guarded)).get("/account/recovery-codes?show_codes=1")
    assert codes_shown(again) == codes
    kept = Person.get_by_id(guarded.id).mf_recovery_codes
    assert not set(codes) & set(kept)


def test_new_codes_end_the_old_ones(nobody: Visitor, guarded: Person, codes: list[str], app: Flask) -> None:
    just_signed_in(Visitor(app, guarded)).post("/account/recovery-codes", {"generate_new_codes": "1"})
    sign_in(nobody, guarded)
    assert nobody.post("/sign-in/recovery-code", {"code": codes[0]}).status == 422


def test_a_recovery_code_signs_in_once_however_it_is_typed(
    nobody: Visitor, guarded: Person, codes: list[str], app: Flask
) -> None:
    half = sign_in(nobody, guarded)
    assert "Use a recovery code" in nobody.get(half.location).text
    assert "Each opens once" in nobody.get("/sign-in/recovery-code").text
    done = nobody.post("/sign-in/recovery-code", {"code": f" {codes[3].upper().replace('-', ' ')} "})
    assert done.status == 303
    assert nobody.get("/account").status == 200
    assert told()[-2:] == ["Ada Admin used a recovery code; 9 left", "Ada Admin signed in from 127.0.0.1"]
    again = Visitor(app, None)
    sign_in(again, guarded)
    assert again.post("/sign-in/recovery-code", {"code": codes[3]}).status == 422
    assert again.get("/account").status == 303


@pytest.mark.parametrize("code", ["", "x", "0000-0000-0000", "9" * 5000, "\x00"])
def test_refuses_what_is_no_recovery_code(nobody: Visitor, guarded: Person, codes: list[str], code: str) -> None:
    sign_in(nobody, guarded)
    assert nobody.post("/sign-in/recovery-code", {"code": code}).status == 422


def test_recovery_codes_that_are_guessed_at_rest_a_while(nobody: Visitor, guarded: Person, codes: list[str]) -> None:
    sign_in(nobody, guarded)
    for number in range(10):
        assert nobody.post("/sign-in/recovery-code", {"code": f"0000-0000-000{number}"}).status == 422
    assert nobody.post("/sign-in/recovery-code", {"code": codes[0]}).status == 429


@pytest.mark.parametrize("door", ["code", "recovery-code"])
def test_of_two_who_use_one_code_at_once_one_gets_in(guarded: Person, codes: list[str], app: Flask, door: str) -> None:
    code = codes[0] if door == "recovery-code" else code_of(app, guarded)
    visitors = [Visitor(app, None) for _ in range(4)]
    for visitor in visitors:
        sign_in(visitor, guarded)
    start, got = threading.Barrier(len(visitors)), []

    def use(visitor: Visitor) -> None:
        start.wait()
        visitor.client.post(f"/sign-in/{door}", data={"csrf_token": visitor.token, "code": code})
        got.append(visitor.client.get("/account").status_code)
        database.close()

    threads = [threading.Thread(target=use, args=(visitor,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [200, 303, 303, 303]


def test_says_what_to_do_when_everything_is_lost(nobody: Visitor, guarded: Person) -> None:
    half = sign_in(nobody, guarded)
    page = nobody.get(half.location)
    assert page.find("a[href='/sign-in/lost-device']")
    assert "partner administrator" in nobody.get("/sign-in/lost-device").text
