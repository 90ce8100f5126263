"""Settings: read once, refused by name."""

import stat
from pathlib import Path

import pytest

from blueprints.web.settings import WrongSetting, read_settings
from tests.services.starting import self_signed


def settings_with(home: Path, **environ: str):
    return read_settings({"QUAYSIDE_HOME": str(home)} | environ)


def test_starts_with_nothing_set(tmp_path: Path) -> None:
    settings = settings_with(tmp_path / "new")
    assert settings.database_url == f"sqlite:///{tmp_path}/new/quayside.sqlite"
    assert settings.address == "http://127.0.0.1:8000"
    assert not settings.secure


def test_makes_its_secret_once_and_for_its_owner_only(tmp_path: Path) -> None:
    first = settings_with(tmp_path).secret_key
    assert len(first) >= 48
    assert settings_with(tmp_path).secret_key == first
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_makes_the_key_of_rfi_secrets_once_and_another_than_its_secret(tmp_path: Path) -> None:
    first = settings_with(tmp_path)
    assert settings_with(tmp_path).sealing_keys == first.sealing_keys
    assert first.sealing_key != first.secret_key
    assert stat.S_IMODE((tmp_path / "sealing_key").stat().st_mode) == 0o600


def test_keys_of_rfi_secrets_stand_with_commas_between_them(tmp_path: Path) -> None:
    newest, older = "n" * 32, "o" * 40
    assert settings_with(tmp_path, SEALING_KEY=f"{newest}, {older}").sealing_keys == (newest, older)


def test_a_secret_cut_short_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("short")
    with pytest.raises(WrongSetting, match="SECRET_KEY"):
        settings_with(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("PORT", "٨٠٠٠"),
        ("MAIL_PORT", "-1"),
        ("MAIL_USE_TLS", "perhaps"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("DATABASE_URL", "/var/lib/quayside.sqlite"),
        ("SECRET_KEY", "short"),
        ("SEALING_KEY", "short"),
        ("SEALING_KEY", ","),
        ("SEALING_KEY", "long enough to be a key of secrets, short"),
        ("PORTAL_URL", "portal.example"),
        ("PORTAL_URL", "https://portal.example/path"),
        ("JOBS_URL", "amqp://x"),
        ("LIMITS_URL", "memcached://x"),
        ("PROXIES", "many"),
        ("ALLOWED_NETWORKS", "10.0.0.0/8, everything"),
        ("ALLOWED_NETWORKS", "10.0.0.1/8"),
        ("TRUSTED_CERTIFICATES", "/nowhere/authorities.pem"),
        ("TRUSTED_CERTIFICATES", __file__),
        ("EHLO_NAME", "portal"),
        ("EHLO_NAME", "portal.example\r\nMAIL FROM:<>"),
    ],
)
def test_a_wrong_one_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(WrongSetting, match=rf"^{name}: "):
        settings_with(tmp_path, **{name: value})


def test_a_mail_server_needs_a_sender(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="^MAIL_DEFAULT_SENDER: "):
        settings_with(tmp_path, MAIL_SERVER="mail.example")


def test_serving_the_network_needs_the_address_people_type(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="^PORTAL_URL: "):
        settings_with(tmp_path, HOST="0.0.0.0")
    settings = settings_with(tmp_path, HOST="0.0.0.0", PORTAL_URL="https://portal.example/")
    assert settings.address == "https://portal.example"
    assert settings.secure


def test_a_home_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongSetting, match="^QUAYSIDE_HOME: "):
        settings_with(tmp_path / "file" / "inside")


def test_a_redis_needs_its_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blueprints.web.settings.find_spec", lambda _: None)
    with pytest.raises(WrongSetting, match=r"^JOBS_URL: .*requirements-redis.txt"):
        settings_with(tmp_path, JOBS_URL="redis://localhost/0")


def test_what_checks_may_reach_and_trust_and_how_they_call_themselves(tmp_path: Path) -> None:
    nothing = settings_with(tmp_path)
    assert (nothing.allowed_networks, nothing.trusted_certificates, nothing.ehlo_name) == ((), "", "")
    certificate = self_signed(tmp_path).path
    given = settings_with(
        tmp_path,
        ALLOWED_NETWORKS="10.0.0.0/8, 192.0.2.7,fd00::/8",
        TRUSTED_CERTIFICATES=str(certificate),
        EHLO_NAME="Portal.Example.",
    )
    assert [str(each) for each in given.allowed_networks] == ["10.0.0.0/8", "192.0.2.7/32", "fd00::/8"]
    assert (given.trusted_certificates, given.ehlo_name) == (str(certificate), "portal.example")
