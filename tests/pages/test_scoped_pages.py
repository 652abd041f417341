"""Who was given a zone or a team sees that part on the pages, and no other."""

from __future__ import annotations

import datetime as dt
import shutil
from types import SimpleNamespace

import pytest

from analysis.access.membership import Person
from analysis.access.rights import Grant
from analysis.fieldwork import inbox
from analysis.fieldwork.store import open_store
from analysis.fieldwork.turf_links import put_page
from analysis.geography.zones import bureaux_in
from analysis.tables.workspace import Workspace
from analysis.workflows import turf_states
from analysis.workflows.turf_folder import FOLDER, cuts
from analysis.workflows.turf_output import read_walks
from pages._ui import state
from pages._ui.access import gate, own_turfs, visitor
from pages._ui.access.visitor import Visitor
from tests.analysis.fieldwork.made_returns import NOW, as_bytes, attempt, phone_file

GARE, QUAIS = "quartier:99900-Quartier de la Gare", "quartier:99900-Les Quais"


@pytest.fixture(scope="module")
def field(places, tmp_path_factory):
    """Make a place of its own with two zones cut, in the field, one handed to a team."""
    from analysis.fieldwork import field_plan
    from analysis.workflows.turf_output import turfs_to_folder
    from analysis.workflows.turfs import Ask

    folder = tmp_path_factory.mktemp("zones")
    place = Workspace(shutil.copytree(places.valmont.path, folder / state.SAMPLE_NAME))
    every = place.read("turnout", columns=["bureau_id"])["bureau_id"].astype("str").unique()
    own = {zone: bureaux_in(place, list(every), (zone,)) for zone in (GARE, QUAIS)}
    targets = folder / "targets.csv"
    rows = [one for bureaux in own.values() for one in bureaux[:2]]
    targets.write_text("bureau_id\n" + "\n".join(rows) + "\n")
    turfs_to_folder(place.path, targets, Ask(), place.path / FOLDER / "cut", sheets=None)
    cut = cuts(place.path)[0]
    walks = read_walks(cut)
    store = open_store(place.path)
    field_plan.register(store.engine, walks.turfs[list(field_plan.COLUMNS)])
    by_zone = {
        zone: sorted(set(walks.turfs.loc[walks.turfs["bureau_id"].isin(bureaux), "turf_id"]))
        for zone, bureaux in own.items()
    }
    by_zone = {z: [t for t in ts if _inside(walks, t, own[z])] for z, ts in by_zone.items()}
    for ids in by_zone.values():
        stop = walks.of(ids[0]).iloc[0]
        one = attempt(0, address_id=stop["address_id"], attempt_id=_uuid(ids[0]))
        content = as_bytes(
            phone_file(store.campaign, [one], turf=ids[0], token=store.campaign.token(ids[0]))
        )
        inbox.receive(store, content, name=f"{ids[0]}.json", now=NOW)
    turf_states.assign(cut, by_zone[GARE][:1], team="Nord", day=None)
    store.engine.dispose()
    return SimpleNamespace(folder=folder, cut=cut, turfs=by_zone, walks=walks)


def _uuid(name):
    import uuid

    return str(uuid.uuid5(uuid.UUID(int=9), name))


def _inside(walks, turf, bureaux):
    return set(walks.of(turf)["bureau_id"].astype("str")) <= set(bureaux)


@pytest.fixture
def as_person(field, open_app, monkeypatch):
    """Open a page as somebody with one grant."""

    def opened(page, role, scope, scope_id, **query):
        person = Person("zoe", "Zoe", (Grant("ours", role, scope, scope_id),))
        found = Visitor(person, "ours")
        monkeypatch.setattr(state, "workspaces", lambda: field.folder)
        monkeypatch.setattr(visitor, "current", lambda: found)
        monkeypatch.setattr(Visitor, "note", lambda *_a, **_k: None)
        monkeypatch.setattr(gate, "enter", lambda: found)
        monkeypatch.setattr(gate, "ways", lambda: None)
        # Her first page is another than that of the whole campaign.
        return open_app(page, **query)

    return opened


def texts(app):
    every = [*app.markdown, *app.caption, *app.metric, *app.selectbox, *app.multiselect]
    return " ".join(str(one.value) + str(getattr(one, "options", "")) for one in every)


def test_an_organiser_of_a_zone_sees_and_cuts_that_zone(field, as_person):
    app = as_person("turfs", "organiser", "zone", GARE, turf_view="turfs")
    assert not app.exception
    (zone,) = [box for box in app.selectbox if box.key == "commune"]
    assert zone.options == ["Quartier de la Gare"]
    shown = " ".join(str(table.value.to_string()) for table in app.dataframe)
    assert all(turf in shown for turf in field.turfs[GARE])
    assert not any(turf in shown for turf in field.turfs[QUAIS])
    names = {metric.label: metric.value for metric in app.metric}
    assert names["Secteurs"] == str(len(field.turfs[GARE]))


def test_a_link_to_another_zone_does_not_open_it(field, as_person):
    app = as_person("turfs", "organiser", "zone", GARE, turf_view="edit", commune=QUAIS)
    assert not app.exception
    (chosen,) = [box for box in app.multiselect if box.key == "turfs.chosen"]
    assert chosen.options == field.turfs[GARE]
    assert any("n’est pas connu" in one.value or QUAIS in one.value for one in app.warning)


@pytest.mark.parametrize(
    ("scope", "name"),
    [("zone", GARE), ("team", "nord")],
)
def test_the_field_of_a_part_is_that_part(field, as_person, scope, name):
    app = as_person("fieldwork", "organiser", scope, name)
    assert not app.exception
    doors = {metric.label: metric.value for metric in app.metric}
    assert doors["Portes"] == "1"
    told = texts(app) + " ".join(str(table.value.to_string()) for table in app.dataframe)
    assert field.turfs[QUAIS][0] not in told


def test_a_volunteer_of_a_team_has_the_turfs_it_was_handed(field, as_person):
    app = as_person("my_turf", "volunteer", "team", "Nord")
    assert not app.exception
    headings = [one.value for one in app.subheader]
    assert [turf for turf in field.turfs[GARE] if any(turf in h for h in headings)] == [
        field.turfs[GARE][0]
    ]
    assert not any(turf in " ".join(headings) for turf in field.turfs[QUAIS])


@pytest.mark.parametrize(
    ("handed_out", "turf", "asks"),
    [
        (b'{"contact":{"key":"OPEN"}}', "T0001", True),
        (b"{}", "T0001", False),
        (b'{"contact":{"key":"OPEN"}}', "T0002", False),
    ],
)
def test_a_page_prepared_by_a_volunteer_takes_contacts_where_the_one_handed_out_did(
    tmp_path, monkeypatch, handed_out, turf, asks
):
    monkeypatch.setattr(own_turfs, "door_form", lambda _place: SimpleNamespace(key="OPEN"))
    monkeypatch.setattr(own_turfs.loaders, "open_place", lambda _at: SimpleNamespace(digest="d"))
    put_page(tmp_path, ("T0001", "token"), handed_out, dt.date(2027, 4, 1))
    made = own_turfs._kit(tmp_path, tmp_path / "turfs", turf)
    assert bool(dict(made.args[-1])["door"]) is asks


def test_who_has_a_zone_alone_is_shown_where_their_turfs_are(field, as_person):
    app = as_person("my_turf", "organiser", "zone", GARE)
    assert not app.exception
    assert [one.value for one in app.info] == [
        "Aucun secteur ne vous est confié par son nom ni par votre équipe."
    ]


def test_a_volunteer_prints_the_guides(field, as_person):
    app = as_person("guides", "volunteer", "team", "Nord")
    assert not app.exception
    buttons = {one.label: one.proto.disabled for one in app.get("download_button")}
    assert buttons == {"Ce guide, à imprimer (HTML)": False, "Tous les guides (HTML)": False}


def test_a_wrong_setting_of_mail_stands_on_the_administrator_s_page(as_person, monkeypatch):
    monkeypatch.setenv("PALIER_BOUNCES", "retours")
    app = as_person("administration", "administrator", "campaign", "")
    assert app.error[0].value.startswith("Les e-mails ne peuvent pas revenir")
    assert "BOUNCES" in texts(app)
    monkeypatch.delenv("PALIER_BOUNCES")
    again = as_person("administration", "administrator", "campaign", "")
    assert not any("revenir" in one.value for one in again.error)
