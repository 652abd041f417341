"""Tests of how a copy runs: never open to anyone without login."""

from __future__ import annotations

import pytest

from analysis.access.server_settings import Login, ServerSettings, check_address, load
from analysis.errors import DataError

GOOD = """
[server]
address = "https://palier.example.org"
store = "postgresql://palier:hush@127.0.0.1/palier"
workspaces = "/srv/palier"
hosts = ["palier.internal"]
[login]
metadata = "https://login.example.org/.well-known/openid-configuration"
client_id = "palier"
client_secret = "hush"
cookie_secret = "0123456789abcdef0123456789abcdef"
"""


def settings(tmp_path, text="", **environ):
    if text:
        (tmp_path / "palier.toml").write_text(text, encoding="utf-8")
    return load(tmp_path, environ)


def test_without_a_word_it_is_one_person_on_this_machine(tmp_path):
    found = settings(tmp_path)
    assert not found.server
    assert found.listen == "127.0.0.1"
    assert found.allowed_hosts == {"localhost", "127.0.0.1", "::1"}


def test_a_file_makes_a_server_and_the_environment_has_the_last_word(tmp_path):
    found = settings(tmp_path, GOOD, PALIER_SERVER_PORT="9000", PALIER_LOGIN_CLIENT_ID="other")
    assert found.server
    assert found.secure
    assert (found.port, found.login.client_id) == (9000, "other")
    assert found.allowed_hosts == {"palier.example.org", "palier.internal"}


@pytest.mark.parametrize(
    "name", ["address", "store", "workspaces", "metadata", "client_id", "client_secret"]
)
def test_a_server_without_login_or_store_does_not_start(tmp_path, name):
    text = "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"{name} ="))
    with pytest.raises(DataError, match=f"does not start[\\s\\S]*{name}"):
        settings(tmp_path, text)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("https://palier.example.org", "http://palier.example.org", "address"),
        ("https://palier.example.org", "https://palier.example.org/palier", "address"),
        ("postgresql://palier:hush@127.0.0.1/palier", "sqlite:///hush.sqlite", "store"),
        ("0123456789abcdef0123456789abcdef", "hush", "cookie_secret"),
        ("https://login.example.org", "http://login.example.org", "metadata"),
        ('hosts = ["palier.internal"]', 'port = "hush"', "port"),
    ],
)
def test_a_wrong_setting_is_named_and_no_secret_told(tmp_path, old, new, named):
    with pytest.raises(DataError) as error:
        settings(tmp_path, GOOD.replace(old, new))
    assert named in str(error.value)
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("text", ["[server", "[server]\nadress = 'x'", "[login]\npassword = 'x'"])
def test_a_file_that_cannot_be_read_or_names_the_unknown_stops_the_start(tmp_path, text):
    with pytest.raises(DataError):
        settings(tmp_path, text)


def test_a_file_that_is_named_must_be_there(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        settings(tmp_path, PALIER_CONFIG=str(tmp_path / "none.toml"))


@pytest.mark.parametrize("listen", ["0.0.0.0", "", "::", "192.168.1.2", "palier.example.org"])
def test_without_login_no_other_machine_is_answered(listen):
    with pytest.raises(DataError, match="answers this machine only"):
        check_address(listen, ServerSettings())
    check_address(listen, ServerSettings(server=True))


@pytest.mark.parametrize("listen", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_this_machine_is_answered(listen):
    check_address(listen, ServerSettings())


def test_no_secret_is_shown():
    shown = repr(ServerSettings(store="hush", login=Login("m", "c", "hush", "hush")))
    assert "hush" not in shown
