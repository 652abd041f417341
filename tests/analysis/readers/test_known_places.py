"""Places known without network: the table, the search, and communes that are part of another."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.readers.aggregated import read_aggregated
from analysis.readers.blocs import read_blocs
from analysis.readers.calendar import election_of
from analysis.readers.codes import bureau_code, commune_code, contour_code, former_commune
from analysis.readers.known_places import TABLE, about, communes, departments, movements
from analysis.readers.place_search import find_place, label, search
from analysis.readers.results import assemble
from tests.made import candidates, general, write_results


def test_the_table_holds_france_and_says_where_it_is_from():
    # INSEE, 1 January 2026: 34,875 communes, and those of the collectivities overseas.
    assert len([c for c in communes() if not c.startswith(("975", "977", "978", "98"))]) == 34_875
    assert len(departments()) == 101 + 6
    assert {"npm @etalab/decoupage-administratif 6.0.0", "codes of 2026-01-01"} <= set(
        about().split(" · ")
    )
    assert "Licence Ouverte" in about()
    assert TABLE.stat().st_size < 1_000_000


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("saint denis (93)", "93066"),
        ("ST-DENIS 974", "97411"),
        ("St Denis (Réunion)", "97411"),
        ("St-Denis (Seine-Saint-Denis)", "93066"),
        ("mans", "72181"),
        ("L’Haÿ-les-Roses", "94038"),
        ("l hay les roses", "94038"),
        ("oeuilly (51)", "51410"),
        ("st germain laye", "78551"),
        ("Bordaux", "33063"),
        ("Marseile", "13055"),
        ("motnpellier", "34172"),
        ("13208", "13208"),
        ("Paris 15e", "75115"),
        ("33000", "33063"),
        ("75056", "75056"),
        ("2a", "2A"),
        ("Gironde", "33"),
        ("bordeaux métropole", "243300316"),
        ("Île de France", "11"),
        ("Le Longeron", "49179"),
        ("2e circonscription de la Gironde", "33-02"),
        ("1re circonscription 2A", "2A-01"),
        ("200000172", "200000172"),
        ("étranger", "ZZ"),
        ("zz", "ZZ"),
        ("buenos-aires", "ZZ042"),
    ],
)
def test_what_is_typed_leads_to_the_place(text, first):
    assert search(text)[0].code == first


def test_an_insee_code_comes_before_the_same_postal_one():
    assert [place.code for place in search("13001")] == ["13001", "13201"]


def test_homonyms_are_listed_by_size_with_their_departement():
    found = [label(place) for place in search("Saint-Denis")[:4]]
    assert found == [f"Saint-Denis ({code})" for code in ("974", "93", "11", "30")]


@pytest.mark.parametrize("text", ["", "xyzzy plugh", "99999", "qq", "(93)"])
def test_nonsense_finds_nothing(text):
    assert search(text) == []
    with pytest.raises(DataError, match="No place is called"):
        find_place(text)


def test_one_place_is_sure_or_the_choice_is_listed():
    assert find_place("Sèvremoine").code == "49301"
    assert find_place("Paris").code == "75056"
    for name, code in {"Guadeloupe": "971", "polynesie francaise": "987", "Mayotte": "976"}.items():
        found = find_place(name)
        assert (found.kind, found.code) == ("department", code)
    with pytest.raises(DataError) as either:
        find_place("La Réunion")
    assert str(either.value.where) == "La Réunion (47), La Réunion (département 974)"
    with pytest.raises(DataError, match="4 places are called") as error:
        find_place("saint denis")
    assert "Saint-Denis (974), Saint-Denis (93)" in error.value.where
    with pytest.raises(DataError, match="exactly") as error:
        find_place("Bordaux")
    assert error.value.where == "Bordeaux (33)"


def test_a_circonscription_is_named_by_the_article_of_its_departement():
    names = [search(f"3e circonscription {code}")[0].name for code in ("59", "01", "13", "974")]
    assert names == [
        "3e circonscription du Nord",
        "3e circonscription de l’Ain",
        "3e circonscription des Bouches-du-Rhône",
        "3e circonscription de La Réunion",
    ]


def test_codes_of_former_communes_lead_to_todays():
    assert movements()["49179"] == "49301"
    assert commune_code("179", "49") == commune_code("49179") == "49301"
    assert bureau_code("49179", "1") == "49301_49179-0001"
    assert contour_code("49301_49179-0001") == "49301_49179-0001"
    assert former_commune("49301_49179-0001") == "49179"
    assert former_commune("49301_0001") == former_commune("75056_00-1") == ""
    # The commune that gave its code to the new one is that one.
    assert bureau_code("49301", "1") == "49301_0001"


OLD = [("49301", "0001", 1200), ("49301", "0002", 1100), ("49179", "0001", 900)]
NEW = [("49301", "0001", 1210), ("49301", "0002", 1105), ("49301", "0003", 905)]


def read(folder, places, old=OLD):
    ballots = [
        (election, commune, bureau, size)
        for election, rows in (("2014_euro_t1", old), ("2017_pres_t1", NEW))
        for commune, bureau, size in rows
    ]
    counts = general(*((e, c, b, n, n // 2, 0, 0) for e, c, b, n in ballots), place="Bourg")
    votes = candidates(*((e, c, b, "", "X", n // 2) for e, c, b, n in ballots))
    raw = read_aggregated(*write_results(folder, counts, votes), places=places)
    return assemble(raw, read_blocs(), election_of)


@pytest.mark.parametrize("places", [("49301",), ("49179",), ("49",), ()])
def test_results_of_a_former_commune_are_given_to_the_new_one(tmp_path, places):
    results = read(tmp_path, places)
    assert results.places["commune_id"].tolist() == ["49301"]
    registered = results.turnout.groupby("election_id", observed=True)["registered"].sum()
    assert registered.to_dict() == {"2014_euro_t1": 3200, "2017_pres_t1": 3220}
    bureaux = set(results.turnout["bureau_id"].astype("str"))
    assert bureaux == {*(f"49301_000{k}" for k in (1, 2, 3)), "49301_49179-0001"}
    (note,) = results.reports[0].notes
    told = "Le Longeron (49179) to Sèvremoine (49301) from 2014_euro_t1 to 2014_euro_t1"
    assert note.endswith(f"{told} (part of it by 2017_pres_t1)")


def test_what_the_table_does_not_know_is_still_said(tmp_path):
    strangers = [(c.replace("49179", "49999"), *rest) for c, *rest in OLD]
    results = read(tmp_path, ("49301",), old=[r for r in strangers if r[0] == "49301"][:1])
    (note,) = results.reports[0].notes
    assert "Sèvremoine (49301): 1200 registered before, 3220 in 2017_pres_t1" in note


def test_a_name_is_todays_not_the_former_ones(tmp_path):
    counts = general(("2022_pres_t1", "49301", "0001", 10, 5, 0, 0), place="Sèvremoine")
    older = general(("2014_euro_t1", "49179", "0001", 10, 5, 0, 0), place="Le Longeron")
    votes = candidates(
        ("2022_pres_t1", "49301", "0001", "", "X", 5), ("2014_euro_t1", "49179", "0001", "", "X", 5)
    )
    raw = read_aggregated(*write_results(tmp_path, pd.concat([counts, older]), votes))
    assert raw.places["name"].tolist() == ["Sèvremoine"]
