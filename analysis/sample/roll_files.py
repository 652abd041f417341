"""Files of an electoral roll, as town halls and the REU give them out: two layouts.

The extract of the REU has 27 columns; the e-liste before it those of the order of 12 November 2013
(INTA1326795A), article 2.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

# Headings of the extract, in its order.
HEADINGS = (
    *("code de l'ugle", "libellé de l'ugle", "libellé du type de liste"),
    *("nom de naissance", "nom d'usage", "prénoms", "sexe", "date de naissance"),
    *("code commune de naissance", "libellé commune de naissance"),
    *("code département de naissance", "pays de naissance", "libellé nationalité"),
    *("numéro de voie", "libellé de voie", "complément 1", "complément 2", "lieu-dit"),
    *("code postal", "commune", "pays", "code du bureau de vote", "libellé du bureau de vote"),
    "code circonscription législative du bureau de vote",
    "libellé canton du bureau de vote",
    "libellé circonscription métropolitaine du bureau de vote",
    "numéro d'ordre dans le bureau de vote",
)
MAIN, MUNICIPAL, EUROPEAN = (
    "Liste principale",
    "Liste complémentaire municipale",
    "Liste complémentaire européenne",
)
# Older headings, and the column each takes its values from; "" where the extract has none.
_ELISTE = {
    "TypeListe": HEADINGS[2],
    "InfoListe": "",
    "DateCreationListe": "",
    "CodeDepartement": "",
    "CodeCommune": HEADINGS[0],
    "NomCommune": HEADINGS[1],
    "NoElecteurGeneral": HEADINGS[26],
    "Sexe": HEADINGS[6],
    "NomdeNaissance": HEADINGS[3],
    "NomDusage": HEADINGS[4],
    "Prenoms": HEADINGS[5],
    "DateDeNaissance": HEADINGS[7],
    "NomComNaissance": HEADINGS[9],
    "DeptNaissance": HEADINGS[10],
    "PaysNaissance": HEADINGS[11],
    "Nationalite": HEADINGS[12],
    "NomBureauDeVote": HEADINGS[22],
    "NoBureauDeVote": HEADINGS[21],
    "CodeCanton": "",
    "CodeCirconscription": "",
    "ComplementDeLocalisation1": HEADINGS[15],
    "ComplementDeLocalisation2": HEADINGS[16],
    "NumeroVoie": HEADINGS[13],
    "TypeVoie": "",
    "LibelleVoie": "",
    "LieuDit": HEADINGS[17],
    "CodePostal": HEADINGS[18],
    "VilleLocalite": HEADINGS[19],
    "Pays": HEADINGS[20],
}


def eliste(table: pd.DataFrame, *, edited: str) -> pd.DataFrame:
    """Return the same roll in the older layout: type of way apart, other headings.

    Parameters
    ----------
    table
        `InventedRoll.table`.
    edited
        Day the list was made, DD/MM/YYYY.
    """
    empty = pd.Series("", index=table.index)
    older = pd.DataFrame({new: table[old] if old else empty for new, old in _ELISTE.items()})
    way = table["libellé de voie"].str.partition(" ")
    commune = table["code de l'ugle"]
    return older.assign(
        InfoListe="liste électorale",
        DateCreationListe=edited,
        CodeDepartement=commune.str[:2],
        CodeCommune=commune.str[2:],
        TypeVoie=way[0],
        LibelleVoie=way[2],
    )


def write_roll(
    table: pd.DataFrame,
    path: Path,
    *,
    sep: Literal[";", ",", "\t"] = ";",
    encoding: str = "utf-8",
) -> Path:
    """Write a roll as the extracts are: every text in quotes, nothing for what is not there.

    Parameters
    ----------
    table
        In either layout.
    path
        File to write.
    sep
        Between two values.
    encoding
        Of Python, such as cp1252, utf-8-sig or utf-16.

    Returns
    -------
    pathlib.Path
        `path`.
    """
    columns = [
        pa.array(table[name].where(table[name] != ""), type=pa.string(), from_pandas=True)
        for name in table.columns
    ]
    if HEADINGS[-1] in table:  # the one value that extracts leave without quotes
        columns[-1] = columns[-1].cast(pa.int64())
    sink = pa.BufferOutputStream() if encoding != "utf-8" else pa.OSFile(str(path), "wb")
    with sink:
        options = pa_csv.WriteOptions(delimiter=sep)
        pa_csv.write_csv(pa.table(columns, names=list(table.columns)), sink, options)
        if encoding != "utf-8":
            text = sink.getvalue().to_pybytes().decode("utf-8")
            path.write_bytes(text.encode(encoding, errors="replace"))
    return path
