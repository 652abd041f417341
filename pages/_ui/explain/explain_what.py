"""What is to be explained: a past abstention, or the swing that the page is about."""

from __future__ import annotations

from analysis.tables.workspace import Workspace
from analysis.workflows.explain_bureaux import Question
from pages._ui import loaders
from pages._ui.i18n import _, election_name
from pages._ui.swing import two_elections
from pages._ui.swing.shares import choose_share
from pages._ui.swing.two_elections import choose_one


def abstention(place: Workspace, places: tuple[str, ...]) -> Question:
    """Ask which past abstention is to be explained: usually the last presidential first round."""
    table = loaders.table(str(place.path), place.digest, "elections").sort_values("date")
    newest = table["election_id"].tolist()[::-1]
    first = table[table["round"] == 1]
    presidential = first[first["kind"] == "pres"]
    usual = (presidential if len(presidential) else first if len(first) else table).iloc[-1]
    election = choose_one(
        _("Abstention to explain"),
        newest,
        str(usual["election_id"]),
        key="e_election",
        show=election_name,
    )
    return Question("abstention", election, place=places[0] if places else "")


def swing(place: Workspace, asked: two_elections.Question) -> Question:
    """Ask whose swing between the two elections of the page is to be explained."""
    share, _blocs, _rival = choose_share(place, asked)
    return Question(
        "swing", asked.destination, asked.origin, share.choice, share.of, place=asked.place
    )
