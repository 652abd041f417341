"""The page Field: returns come in once, and the numbers on screen are the store's."""

import io
import json
import re
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from analysis.access.server_settings import ServerSettings
from analysis.errors import DataError
from analysis.fieldwork import exposure, inbox, progress
from analysis.fieldwork.campaign import change_campaign, open_campaign
from analysis.fieldwork.missing_buildings import accepted, reports
from analysis.fieldwork.store import open_store
from analysis.geography.zones import bureaux_in, zones_of
from analysis.tables.covered import read_covered
from analysis.tables.schema import OUTCOMES
from analysis.workflows import fieldwork
from analysis.workflows.fieldwork import registered_of
from pages._ui import i18n as labels
from pages._ui.access import visitor
from pages._ui.bureau_map import Legend
from pages._ui.fieldwork import field_downloads, ground
from pages._ui.fieldwork import load_fieldwork as field_loaders
from pages._ui.i18n import _, number
from pages._ui.priorities import planner
from tests.pages.field_made import campaign_in, outing

SOME = 20


def values(elements):
    return [each.value for each in elements]


def texts(app):
    return " ".join(
        str(text)
        for kind in (app.markdown, app.info, app.success, app.warning, app.error, app.caption)
        for text in values(kind)
    )


@pytest.fixture
def field(places, request):
    """Make a campaign of its own for a test."""
    name = f"terrain_{request.node.name.partition('[')[0]}"
    made = campaign_in(places, name)
    yield made
    made.store.engine.dispose()


@pytest.fixture
def page(open_app, field):
    """Open the page on that campaign."""

    def page(**query):
        app = open_app("fieldwork", workspace=field.place.path.name, **query)
        assert not app.exception
        return app

    return page


def drop(app, *files):
    """Drop files and press Import."""
    uploader = app.get("file_uploader")[0]
    uploader.set_value([(name, content, "application/json") for name, content in files])
    app.run()
    app.button(key="field.import").click().run()
    assert not app.exception
    return app


def received(field, days=3):
    """Import outings of some days without the page."""
    for day in range(days):
        for n, turf in enumerate(field.walks.turf_ids):
            content = outing(field, turf, day=day, seed=10 * day + n, team="AB"[n % 2])
            inbox.receive(field.store, content, name=f"{turf}_{day}.json")


def test_without_turfs_the_page_leads_to_the_walks(places, open_app):
    made = campaign_in(places, "terrain_vide", turfs=False)
    app = open_app("fieldwork", workspace="terrain_vide")
    assert not app.exception
    assert _("Nothing is in the field yet. Cut turfs on the page Walks, put them into the "
             "field, and hand out the sheets or the phone pages.") in values(app.info)  # fmt: skip
    # A file that comes before them waits for them, and the page says so.
    app = drop(app, ("tot.json", outing(made, made.walks.turf_ids[0], day=0)))
    assert values(app.warning) == [
        "1 fichier a été reçu et attend que des secteurs soient sur le terrain."
    ]
    assert "à la page Secteurs" in texts(app)
    made.store.engine.dispose()


def test_a_dropped_file_moves_the_numbers_once(page, field, monkeypatch):
    noted = []
    monkeypatch.setattr(visitor.Visitor, "note", lambda _who, *what: noted.append(what))
    content = outing(field, "T0001", day=0)
    app = drop(page(), ("retours_T0001.json", content))
    now = progress.totals(field.store)
    assert now.doors == SOME
    assert values(app.metric)[:2] == [number(now.doors), number(now.conversations)]
    told = _("**{file}**: {new} new, {repeated} already known, {conflicts} in conflict.")
    assert told.format(file="retours_T0001.json", new=SOME, repeated=0, conflicts=0) in texts(app)
    app = drop(app, ("Camille Martin.json", content))
    assert told.format(file="Camille Martin.json", new=0, repeated=SOME, conflicts=0) in texts(app)
    assert progress.totals(field.store) == now
    assert values(app.metric)[:2] == [number(now.doors), number(now.conversations)]
    # Some call a file by who brought it: what is written down for good does not.
    assert noted == [("import", "retours_T0001.json", SOME), ("import", "returns.json", 0)]


def test_several_files_one_of_them_bad(page, field):
    good = outing(field, "T0001", day=0)
    bad = json.loads(outing(field, "T0002", day=0)) | {"token": "a" * 24}
    app = drop(page(), ("bon.json", good), ("faux.json", json.dumps(bad).encode()))
    assert progress.totals(field.store).attempts == SOME
    assert _("**{file}** was refused:").format(file="faux.json") in texts(app)
    assert len(app.error) == 1


def test_many_files_are_told_together_and_what_is_wrong_with_one_on_its_own(page, field):
    files = [
        (f"{turf}_{day}.json", outing(field, turf, day=day, seed=day))
        for turf in ("T0001", "T0002")
        for day in range(2)
    ]
    app = drop(page(), *files, ("faux.json", b"{"))
    assert values(app.success) == [
        f"**4 fichiers**\N{NO-BREAK SPACE}: {4 * SOME} nouveaux, 0 déjà connus."
    ]
    assert _("**{file}** was refused:").format(file="faux.json") in texts(app)
    listed = next(one.value for one in app.dataframe if _("Known already") in one.value)
    assert list(listed[_("File")]) == [name for name, _content in files]


def test_coverage_of_turfs_untouched_or_done_is_told_in_five_classes(page, field, monkeypatch):
    bureaux = field.place.read("bureaux")["bureau_id"].unique()[:9]
    shares = [0.0, 0.0, 0.0, 0.0, 12.0, 55.0, 100.0, 100.0, 100.0]
    counts = dict.fromkeys(["planned", "tried", "conversation", "seen"], 1)
    table = pd.DataFrame({"bureau_id": bureaux, "covered": shares, "quality": 3.0, **counts})
    monkeypatch.setattr(ground, "_by_bureau", lambda _asked: table)
    seen = []
    monkeypatch.setattr(ground, "Legend", lambda *told: seen.append(told) or Legend(*told))
    drop(page(), ("retours_T0001.json", outing(field, "T0001", day=0)))
    assert not page(field_view="ground").exception
    assert [re.sub(r"\s", " ", text) for text in seen[-1][2]] == [
        "0 à 20", "20 à 40", "40 à 60", "60 à 80", "80 à 100"
    ]  # fmt: skip


def test_the_text_of_a_qr_code_is_taken(page, field):
    content = outing(field, "T0003", day=0, knocks=5).decode()
    app = page()
    app.text_area[0].set_value(content).run()
    app.button(key="field.import").click().run()
    assert not app.exception
    assert progress.totals(field.store).doors == 5


def test_typed_counts_are_the_sheet_of_the_import(field):
    stops = field_loaders.stops(field.place, field.store, "T0002")
    assert set(stops["address_id"]) == set(field.walks.of("T0002")["address_id"])
    blank = dict.fromkeys(OUTCOMES, pd.array([pd.NA] * len(stops), dtype="Int64"))
    filled = stops.assign(**blank).head(2)
    filled.loc[0, "no_answer"], filled.loc[0, "conversation"] = 7, 2
    filled.loc[1, "refused"] = 1
    day = date(2025, 3, 4)
    sheet = fieldwork.counts_sheet(filled, turf_id="T0002", day=day, team_id="B")
    told = fieldwork.take_in(field.store, [sheet, ("faux.json", b"{")])
    assert [(name, isinstance(one, DataError)) for name, one in told] == [
        ("T0002_2025-03-04.csv", False),
        ("faux.json", True),
    ]
    now = progress.totals(field.store)
    assert (now.doors, now.conversations, now.first_day) == (10, 2, date(2025, 3, 4))


def test_a_door_not_to_disturb_is_listed_and_taken_back(page, field):
    drop(page(), ("retours.json", outing(field, "T0001", day=0, knocks=3)))
    stops = field_loaders.stops(field.place, field.store, "T0001").head(1)
    told = stops.assign(**dict.fromkeys(OUTCOMES, 0)).assign(do_not_disturb=2)
    day = fieldwork.today(field.store)
    sheet = fieldwork.counts_sheet(told, turf_id="T0001", day=day, team_id="B")
    fieldwork.take_in(field.store, [sheet])
    app = page(field_view="again")
    assert _("Not to be disturbed") in values(app.subheader)
    assert "**2 portes** ont demandé à ne plus être visitées" in texts(app)
    (one,) = app.selectbox(key="field.alone").options
    assert one.startswith(stops["address"].iloc[0])
    assert app.button(key="field.alone.back").disabled
    app.selectbox(key="field.alone").select(one).run()
    app.button(key="field.alone.back").click().run()
    assert not app.exception
    assert _("No door has asked not to be visited again.") in values(app.caption)
    counted = progress.by(field.store, "turf_id").iloc[0]
    assert (counted["do_not_disturb"], counted["doors"]) == (0, 5)


def test_a_missing_building_is_typed_in_accepted_and_refused(page, field):
    drop(page(), ("retours.json", outing(field, "T0001", day=0, knocks=3)))
    app = page(field_view="checks")
    assert _("Nobody has reported a building that is missing from the addresses.") in texts(app)
    assert app.button(key="field.building.add").disabled
    app.number_input(key="field.building.number").set_value(14)
    app.number_input(key="field.building.doors").set_value(6).run()
    app.button(key="field.building.add").click().run()
    assert not app.exception
    (row,) = reports(field.store).to_dict("records")
    assert (row["number"], row["doors"], row["turf_id"]) == (14, 6, "T0001")
    assert "signalent" not in texts(app)
    assert "**1 bâtiment manquant**" in texts(app)
    app.text_input(key=f"field.building.place.{row['report_id']}").set_value("chez moi").run()
    assert app.button(key="field.building.yes").disabled
    # Latitude and longitude exchanged, a comma forgotten: not in this place.
    app.text_input(key=f"field.building.place.{row['report_id']}").set_value("4.21, 48.66").run()
    assert app.button(key="field.building.yes").disabled
    assert "km" in app.error[0].value
    app.text_input(key=f"field.building.place.{row['report_id']}").set_value("").run()
    assert not app.error
    app.button(key="field.building.yes").click().run()
    assert not app.exception
    (one,) = accepted(field.store)
    addresses = field.place.read("addresses")
    beside = addresses[addresses["address_id"] == one["beside"]].to_crs("OGC:CRS84").geometry
    assert abs(one["latitude"] - beside.y.iloc[0]) < 0.01
    assert "**1 bâtiment manquant**" not in texts(app)
    # It has a name wherever addresses are read.
    ids = pd.Series([one["address_id"]])
    assert field_loaders.address_names(field.place, ids)["name"].iloc[0].startswith("14 ")
    app.button(key="field.building.no").click().run()
    assert accepted(field.store) == []


def test_a_building_that_came_before_any_door_is_decided_on_too(page, field):
    stop = field_loaders.stops(field.place, field.store, "T0002").iloc[0]
    told = {"number": 14, "suffix": "bis", "doors": 6}
    day = fieldwork.today(field.store)
    sheet = fieldwork.building_sheet("T0002", stop["address_id"], day, told)
    ((_name, receipt),) = fieldwork.take_in(field.store, [sheet])
    assert (receipt.new, receipt.missing) == (0, 1)
    app = page()
    assert "**1 bâtiment manquant**" in texts(app)
    app.button(key="field.building.no").click().run()
    assert not app.exception
    assert reports(field.store)["accepted"].tolist() == [False]


def test_today_counts_as_over_once_returns_of_today_are_in(field):
    received(field)
    now = fieldwork.today(field.store)
    assert fieldwork.last_day_over(field.store) == now - timedelta(days=1)
    stops = field_loaders.stops(field.place, field.store, "T0002").head(1)
    told = stops.assign(**dict.fromkeys(OUTCOMES, 0)).assign(refused=1)
    sheet = fieldwork.counts_sheet(told, turf_id="T0002", day=now, team_id="B")
    ((_name, receipt),) = fieldwork.take_in(field.store, [sheet])
    assert receipt.new == 1
    assert fieldwork.last_day_over(field.store) == now


def test_the_objective_and_the_forecast(page, field):
    received(field)
    today = fieldwork.today(field.store)
    change_campaign(
        field.place.path,
        {
            "objective": 3000,
            "starts": today - timedelta(days=5),
            "ends": today + timedelta(days=20),
        },
    )
    app = page()
    mark = field_loaders.mark(field.place)
    found, fix = field_loaders.outlook(mark, fieldwork.last_day_over(field.store))
    assert 0 <= found.probability <= 1
    assert number(found.expected) in texts(app)
    assert number(100 * found.probability) in texts(app)
    if fix and fix.outings:
        assert number(fix.outings) in texts(app)


def test_settings_are_kept(page, field):
    app = page()
    app.number_input(key="field.objective").set_value(200_000)
    app.date_input(key="field.ends").set_value(date(2030, 4, 1))
    app.button(key="field.keep").click().run()
    assert not app.exception
    kept = open_campaign(field.place.path)
    assert (kept.objective, kept.ends) == (200_000, date(2030, 4, 1))
    app.date_input(key="field.starts").set_value(date(2031, 4, 1))
    app.button(key="field.keep").click().run()
    assert len(app.error) == 1
    assert open_campaign(field.place.path) == kept


@pytest.mark.parametrize("view", ["ahead", "ground", "doors", "again", "checks", "hand"])
def test_every_view_opens(page, field, view):
    received(field)
    app = page(field_view=view)
    if view == "checks":
        assert len(app.dataframe) >= 1
        assert len(app.dataframe[-1].value) == len(field.store.imports())


def test_what_was_learned_goes_to_the_ranking(page, field):
    received(field)
    app = page(field_view="doors")
    app.button(key="field.feed").click().run()
    assert not app.exception
    link = "".join(app.query_params["params"])
    assert "share_open:" in link
    assert "share_talk:" in link
    assert ":learned-at-" in link
    given = planner._from_link(link)
    assert given.share_open.source.startswith("learned at ")
    assert planner._to_link(given) == link
    told = labels.parameter_source("share_open", given.share_open.source)
    assert told == _("learned at {n} doors of this campaign").format(
        n=number(int(re.findall(r"\d+", given.share_open.source)[0]))
    )
    assert planner._from_link("share_open:0.2:0.1:0.3:by-magic").share_open.source == "user"
    bureaux = pd.Series(sorted(field.walks.turfs["bureau_id"].unique()))
    covered = read_covered(field.place.path, bureaux, whole=False)
    known = progress.coverage(field.store).set_index("bureau_id")["covered"]
    assert np.allclose(np.asarray(covered, float), known.reindex(bureaux), atol=1e-4)


def test_what_is_taken_away_is_what_the_library_says(field):
    received(field)
    mark = field_loaders.mark(field.place)
    given = pd.read_csv(io.BytesIO(field_downloads._contact(mark, field.place)))
    mine = exposure.contact(field.store, registered_of(field.place))
    assert given["doors"].sum() == mine["doors"].sum() == progress.totals(field.store).doors
    assert given["reached"].to_numpy() == pytest.approx(mine["reached"].to_numpy())
    attempts = pd.read_csv(io.BytesIO(field_downloads._attempts(mark)))
    assert len(attempts) == progress.totals(field.store).attempts
    book = load_workbook(io.BytesIO(field_downloads._counts(mark)))
    assert book.sheetnames == ["day", "team_id", "bureau_id", "turf_id"]
    assert book["team_id"].max_row == 1 + len(progress.by(field.store, "team_id"))


def test_the_mark_moves_with_returns_only(field):
    before = field_loaders.mark(field.place)
    assert field_loaders.mark(field.place) == before
    inbox.receive(field.store, outing(field, "T0001", day=0), name="a.json")
    assert field_loaders.mark(field.place) != before


def test_a_store_that_does_not_answer_is_explained(open_app, field, monkeypatch):
    monkeypatch.setenv("PALIER_STORE", "postgresql://nobody:x@127.0.0.1:9/none")
    with pytest.raises(DataError):
        open_store(field.place.path)
    app = open_app("fieldwork", workspace=field.place.path.name)
    assert not app.exception
    assert len(app.error) == 1


def test_a_part_chosen_elsewhere_hides_not_how_a_campaign_begins(page, field):
    zones = [*zones_of(field.place)["place"]]
    app = page(commune=next(one for one in zones if one.startswith("quartier")))
    told = values(app.info) + values(app.subheader)
    assert _("Nothing has come back from this part yet.") not in told
    assert _("What is said at the door") in told


def test_a_part_of_the_place_is_chosen_by_name(page, field):
    received(field, days=1)
    app = page()
    told = progress.by(field.store, "bureau_id").set_index("bureau_id")["doors"]
    zones = zones_of(field.place)
    doors = {
        zone: int(told[told.index.isin(bureaux_in(field.place, list(told.index), (zone,)))].sum())
        for zone in zones["place"]
        if zone.startswith("quartier")
    }
    some = next(zone for zone, count in doors.items() if count)
    none = next((zone for zone, count in doors.items() if not count), None)
    assert sum(doors.values()) == told.sum()
    choice = next(box for box in app.selectbox if box.label == _("Territory"))
    choice.set_value(some).run()
    assert values(app.metric)[0] == number(doors[some])
    if none:
        next(box for box in app.selectbox if box.label == _("Territory")).set_value(none).run()
        assert _("Nothing has come back from this part yet.") in values(app.info)
        assert _("What is said at the door") in values(app.subheader)
    next(box for box in app.selectbox if box.label == _("Territory")).set_value("all").run()
    assert values(app.metric)[0] == number(int(told.sum()))


def test_a_server_counts_what_phones_send_when_it_is_due_or_asked_to(field, monkeypatch):
    """Fifty phones would have every page of two hundred people counted and drawn without end."""
    counted = []

    def comes_and_is_seen(turf, *, server=True):
        settings = ServerSettings(server=server)
        monkeypatch.setattr(field_loaders.server_access, "settings", lambda: settings)
        inbox.receive_from_phone(field.store, outing(field, turf, day=0))
        counted.append(field_loaders.totals(field_loaders.mark(field.place)).attempts)

    monkeypatch.setattr(field_loaders, "part_of", lambda _place: None)
    comes_and_is_seen("T0001")
    comes_and_is_seen("T0002")
    field_loaders.look_again()
    counted.append(field_loaders.totals(field_loaders.mark(field.place)).attempts)
    comes_and_is_seen("T0003", server=False)  # one's own machine never waits
    assert counted == [20, 20, 40, 60]
