"""Names, for people, of what is known of the units of a trial."""

from __future__ import annotations

from collections.abc import Sequence

from pages._ui.i18n import _, election_name
from pages._ui.trial.trial_choices import covariate_names


def names_of(elections: Sequence[str], label: str) -> dict[str, str]:
    """Name columns of a ranking and of `outcomes_of` in the language of the session.

    Parameters
    ----------
    elections
        Of the outcomes.
    label
        What the columns of votes are called.
    """
    names = covariate_names()
    for one in elections:
        name = election_name(one)
        names[f"{one}_turnout"] = _("Turnout, {election}").format(election=name)
        names[f"{one}_{label}_registered"] = _("Votes of the registered, {election}").format(
            election=name
        )
        names[f"{one}_{label}_valid"] = _("Votes of the valid ballots, {election}").format(
            election=name
        )
        names[f"{one}_registered"] = _("Registered, {election}").format(election=name)
    return names
