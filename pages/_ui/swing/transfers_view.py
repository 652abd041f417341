"""Who voted what next: the matrix, the flows, one origin at a time, the table and its files."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from analysis.electorate.transfers import Transfers
from analysis.electorate.transfers.intervals import calibration
from analysis.electorate.transfers.survey_fit import Survey
from analysis.tables.workspace import Workspace
from pages._ui import bureaux, file_downloads, pictures
from pages._ui.i18n import _, election_name, ngettext, number, option_name, percent
from pages._ui.messages import plain, translate
from pages._ui.pictures import vega
from pages._ui.swing import surveys_view
from pages._ui.swing import two_elections as swings
from pages._ui.swing.two_elections import Question, choose_one
from pages._ui.trial.arms_view import choose_view
from pages._ui.trial.number_tables import show_table

_BLUE, _PALE, _FAINT = "#236eb0", "#9ecae1", "#9aa5b1"


def transfers(place: Workspace, asked: Question) -> None:
    """Show the estimate for two elections of a place, and how far it can be trusted."""
    survey = surveys_view.own_survey()
    found = swings.transfers(place, asked, survey)
    caution(found)
    told(found)
    shown = {
        "matrix": _("Matrix"),
        "flows": _("Flows"),
        "one": _("One origin"),
        "table": _("Table"),
        "files": _("Files"),
    }
    beside = swings.beside(place, asked, found, survey)
    if len(beside):
        shown["surveys"] = _("Beside surveys")
    view = choose_view(shown, "t_shown")
    if view == "matrix":
        _picture(place, asked, found, survey, "matrix")
    elif view == "flows":
        _picture(place, asked, found, survey, "flows")
    elif view == "one":
        one_origin(found)
    elif view == "surveys":
        surveys_view.surveys(beside, found, survey)
    elif view == "table":
        show_table(table(found), digits=1, height=520)
        st.caption(_legend(found))
    else:
        _files(place, asked, found, survey)


def caution(found: Transfers) -> None:
    """Say before any number what kind of number it is."""
    known = calibration()["known_truth"]
    least, most = calibration()["apart"]["town_errors"]
    st.warning(
        _(
            "An estimate, never a proof. Where the truth is known ({n} districts, both ballots on "
            "one day), {error} voters in 100 were put in the wrong cell on average. Between two "
            "elections, as here, count on more ({least} to {most} in the fictional town): "
            "opponents who live side by side are taken for one another. Intervals are as wide as "
            "published surveys have shown that they must be."
        ).format(
            n=number(known["districts"]),
            error=number(known["mean_error"], 1),
            least=number(least),
            most=number(most),
        )
    )
    if remarks := _remarks(found):
        with st.expander(_("Good to know before reading ({n})").format(n=len(remarks))):
            st.markdown("\n".join(f"- {plain(text)}" for text in remarks))


def _remarks(found: Transfers) -> list[str]:
    texts = [translate(note) for note in found.notes[1:]]
    for reason in found.left_out:
        where = f" ({election_name(reason.election_id)})" if reason.election_id else ""
        examples = bureaux.by_name(translate(reason.examples))
        texts.append(f"{translate(reason.reason)}{where}: {number(reason.count)} ({examples})")
    return texts


def told(found: Transfers) -> None:
    """Say how many voters and bureaux the estimate rests on, and its largest move."""
    columns = st.columns(3)
    columns[0].metric(_("Bureaux"), number(found.units))
    columns[1].metric(_("Registered voters"), number(int(found.table["votes"].sum())))
    top = largest_move(found)
    if top is None:
        return
    columns[2].metric(
        _("{origin} → {destination}").format(
            origin=option_name(top["origin"]), destination=option_name(top["destination"])
        ),
        percent(top["share_of_origin"], 0),
        help=_("The largest move between different options: {votes} voters, {span}.").format(
            votes=number(top["votes"]), span=span(top["lower"], top["upper"])
        ),
    )


def largest_move(found: Transfers) -> pd.Series | None:
    """Return the largest transfer between two options of different names."""
    moved = found.table[found.table["origin"] != found.table["destination"]]
    return None if moved.empty else moved.loc[moved["votes"].idxmax()]


def span(low: float, high: float) -> str:
    """Write an interval of shares: « entre 55 % et 69 % »."""
    return _("between {low} and {high}").format(low=percent(low, 0), high=percent(high, 0))


def _picture(
    place: Workspace, asked: Question, found: Transfers, survey: Survey | None, kind: str
) -> None:
    with pictures.sideways("transfers_picture"):
        drawn = swings.picture(place, asked, kind, found, survey)
        st.image(drawn, width="stretch", output_format="PNG")
    captions = {
        "matrix": _(
            "Each row adds up to 100%: where the voters of one option of the first election went. "
            "Under each share, its interval."
        ),
        "flows": _(
            "The width of a band is a number of voters. Bands whose interval begins at nought may "
            "not exist at all."
        ),
    }
    st.caption(captions[kind])


def one_origin(found: Transfers) -> None:
    """Show where the voters of one option went: estimate, interval, and what is certain."""
    options = found.table["origin"].drop_duplicates().tolist()
    origin = choose_one(_("Voters of"), options, options[0], key="t_origin", show=option_name)
    rows = found.table[found.table["origin"] == origin]
    st.markdown(
        _("**{name}**: {votes} voters at the first election.").format(
            name=plain(option_name(origin)), votes=number(int(rows["votes"].sum()))
        )
    )
    vega(rows.assign(destination=rows["destination"].map(option_name)), _bars(), width="stretch")
    st.caption(_legend(found))


def _bars() -> dict[str, object]:
    """Return the chart: a thin line for the bounds, a thick one for the interval, a dot."""
    y = {
        "field": "destination",
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {"labelLimit": 160},
    }
    axis = {"format": "%", "tickCount": 5}
    scale = {"domain": [0, 1]}

    def x(field: str) -> dict[str, object]:
        title = _("Share of these voters")
        return {
            "field": field,
            "type": "quantitative",
            "scale": scale,
            "title": title,
            "axis": axis,
        }

    tips = [
        {"field": field, "title": title, "type": "quantitative", "format": ".1%"}
        for field, title in _columns().items()
    ]
    return {
        "layer": [
            {
                "mark": {"type": "rule", "color": _FAINT, "strokeWidth": 1.5},
                "encoding": {"y": y, "x": x("bound_lower"), "x2": {"field": "bound_upper"}},
            },
            {
                "mark": {"type": "rule", "color": _PALE, "strokeWidth": 7},
                "encoding": {"y": y, "x": x("lower"), "x2": {"field": "upper"}},
            },
            {
                "mark": {"type": "point", "filled": True, "color": _BLUE, "size": 90},
                "encoding": {"y": y, "x": x("share_of_origin"), "tooltip": tips},
            },
        ],
        "height": {"step": 28},
    }


def _columns() -> dict[str, str]:
    return {
        "share_of_origin": _("Share of origin"),
        "lower": _("from"),
        "upper": _("to"),
        "bound_lower": _("At least, for certain"),
        "bound_upper": _("At most, for certain"),
    }


def table(found: Transfers) -> pd.DataFrame:
    """Return the table as it is shown: names in words, shares in percent."""
    shares = {
        f"{title} (%)": (100 * found.table[name]).round(1) for name, title in _columns().items()
    }
    return pd.DataFrame(
        {
            _("First election"): found.table["origin"].map(option_name),
            _("Second election"): found.table["destination"].map(option_name),
            _("Voters"): found.table["votes"],
            **shares,
        }
    )


def _legend(found: Transfers) -> str:
    return ngettext(
        "Interval: {level}. At least and at most (Duncan–Davis bounds): all that the totals of "
        "{n} bureau alone allow one to say.",
        "Interval: {level}. At least and at most (Duncan–Davis bounds): all that the totals of "
        "{n} bureaux alone allow one to say.",
        found.units,
    ).format(level=percent(found.level, 0), n=number(found.units))


def _files(place: Workspace, asked: Question, found: Transfers, survey: Survey | None) -> None:
    name = f"palier_transfers_{asked.origin}_{asked.destination}"
    make = partial(swings.transfers_finding, place, asked, found, survey)
    notes = (_("An estimate, never a proof."), *(translate(note) for note in found.notes))
    file_downloads.promise()
    file_downloads.offer_table(make, name, key="transfers", notes=notes)
    figures = {"matrix": _("Matrix"), "flows": _("Flows")}
    file_downloads.offer_figures(make, name, key="transfers", figures=figures)
    folder = f"{place.path.parent.name}/{place.path.name}"
    command = f"python -m analysis transfers --workspace {folder} --from {asked.origin}"
    command += f" --to {asked.destination}{f' --place {asked.place}' if asked.place else ''}"
    command += " --survey FILE.csv" if survey else ""
    st.caption(
        _("The command line makes the same table: {command}").format(
            command=f"`{command} --out FILE.csv`"
        )
    )
