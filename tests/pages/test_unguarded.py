"""Pages that nothing stands before answer this machine only, and are no server."""

from types import SimpleNamespace

import pytest

from analysis.workflows import server_access
from pages._ui.access import gate


@pytest.mark.parametrize("address", ["0.0.0.0", "", "192.0.2.7", "::"])  # noqa: S104 - refused
def test_without_login_no_other_machine_is_answered(open_app, monkeypatch, address):
    monkeypatch.setattr(gate, "bound_address", lambda: address)
    app = open_app("home")
    assert not app.exception
    assert "cette machine" in app.error[0].value
    assert not app.title
    assert not app.metric


def test_a_server_shows_nothing_where_its_door_does_not_stand(open_app, monkeypatch):
    monkeypatch.setattr(server_access, "settings", lambda: SimpleNamespace(server=True))
    monkeypatch.setattr(server_access.DOOR, "is_set", lambda: False)
    app = open_app("home")
    assert not app.exception
    assert "rien ne garderait ses fichiers" in app.error[0].value
    assert not app.title
    assert not app.metric
