"""Official layouts: the columns of the files that the readers expect."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.sample.people import Sectors
from analysis.sample.voting import Outcome, count
from analysis.sample.wards import COMMUNE

DEPARTMENT, DEPARTMENT_NAME, TOWN = COMMUNE[:2], "Département fictif", "Valmont"
CANTON, CONSTITUENCY = "9901", "9901"

GENERAL = (
    *("id_election", "id_brut_miom", "code_departement", "libelle_departement", "code_canton"),
    *("libelle_canton", "code_commune", "libelle_commune", "code_circonscription"),
    *("libelle_circonscription", "code_bv", "inscrits", "abstentions", "votants", "blancs"),
    *("nuls", "exprimes", "ratio_abstentions_inscrits", "ratio_votants_inscrits"),
    *("ratio_blancs_inscrits", "ratio_blancs_votants", "ratio_nuls_inscrits"),
    *("ratio_nuls_votants", "ratio_exprimes_inscrits", "ratio_exprimes_votants"),
)
CANDIDATES = (
    *("id_election", "id_brut_miom", "code_departement", "code_commune", "code_bv"),
    *("no_panneau", "voix", "ratio_voix_inscrits", "ratio_voix_exprimes", "nuance", "sexe"),
    *("nom", "prenom", "liste", "libelle_abrege_liste", "libelle_etendu_liste"),
    *("nom_tete_liste", "binome"),
)
# Ratio columns: part and whole.
_WHOLES = {"inscrits": "registered", "votants": "ballots"}
_PARTS = {"blancs": "blank", "nuls": "null", "exprimes": "valid", "votants": "ballots"}


def general_results(
    outcomes: dict[str, Outcome], persons: pd.DataFrame, sectors: Sectors
) -> pd.DataFrame:
    """Return `general_results`: one row per round and bureau.

    Parameters
    ----------
    outcomes
        Round → how each person voted.
    persons
        One row per person.
    sectors
        Where they live, and the bureau of each year.

    Returns
    -------
    pandas.DataFrame
        The official columns, counts of persons.
    """
    return pd.concat(
        [_general(outcome, count(outcome, persons, sectors)[0]) for outcome in outcomes.values()],
        ignore_index=True,
    )


def candidates_results(
    outcomes: dict[str, Outcome], persons: pd.DataFrame, sectors: Sectors
) -> pd.DataFrame:
    """Return `candidats_results`: one row per round, bureau and candidate or list.

    Parameters
    ----------
    outcomes
        Round → how each person voted.
    persons
        One row per person.
    sectors
        Where they live, and the bureau of each year.

    Returns
    -------
    pandas.DataFrame
        The official columns, counts of votes.
    """
    return pd.concat(
        [_candidates(outcome, *count(outcome, persons, sectors)) for outcome in outcomes.values()],
        ignore_index=True,
    )


def _place(outcome: Outcome, bureau_id: pd.Series) -> dict[str, object]:
    return {
        "id_election": outcome.law.held.election_id,
        "id_brut_miom": bureau_id,
        "code_departement": DEPARTMENT,
        "code_commune": COMMUNE,
        "code_bv": bureau_id.str.rpartition("_")[2],
    }


def _general(outcome: Outcome, turnout: pd.DataFrame) -> pd.DataFrame:
    turnout = turnout.reset_index()
    deputies = "_legi_" in outcome.law.held.election_id
    shares = {
        f"ratio_{part}_{whole}": _percent(turnout[_PARTS[part]], turnout[_WHOLES[whole]])
        for whole in _WHOLES
        for part in _PARTS
    }
    away = turnout["registered"] - turnout["ballots"]
    table = pd.DataFrame(
        {
            **_place(outcome, turnout["bureau_id"]),
            "libelle_departement": DEPARTMENT_NAME,
            "code_canton": CANTON,
            "libelle_canton": TOWN,
            "libelle_commune": TOWN,
            "code_circonscription": CONSTITUENCY if deputies else "",
            "libelle_circonscription": "1ère circonscription" if deputies else "",
            "inscrits": turnout["registered"],
            "abstentions": away,
            "votants": turnout["ballots"],
            "blancs": turnout["blank"],
            "nuls": turnout["null"],
            "exprimes": turnout["valid"],
            "ratio_abstentions_inscrits": _percent(away, turnout["registered"]),
            **shares,
        }
    )
    return table[list(GENERAL)]


def _candidates(outcome: Outcome, turnout: pd.DataFrame, votes: pd.DataFrame) -> pd.DataFrame:
    long = votes.reset_index().melt("bureau_id", var_name="option", value_name="voix")
    long = long.sort_values("bureau_id", kind="stable", ignore_index=True)
    person = outcome.law.candidates.loc[long["option"]].reset_index(drop=True)
    counted = turnout.loc[long["bureau_id"]].reset_index(drop=True)
    table = pd.DataFrame(
        {
            **_place(outcome, long["bureau_id"]),
            "no_panneau": person["panel"],
            "voix": long["voix"],
            "ratio_voix_inscrits": _percent(long["voix"], counted["registered"]),
            "ratio_voix_exprimes": _percent(long["voix"], counted["valid"]),
            "nuance": person["nuance"],
            "sexe": person["sex"],
            "nom": person["name"],
            "prenom": person["first_name"],
            "liste": person["list"].where(person["nuance"] != "", ""),
            "libelle_abrege_liste": person["list"],
            "libelle_etendu_liste": person["list"],
            "nom_tete_liste": "",
            "binome": "",
        }
    )
    return table[list(CANDIDATES)]


def _percent(part: pd.Series, whole: pd.Series) -> pd.Series:
    return (100 * part / whole.where(whole > 0, np.nan)).round(2)
