"""Where an electoral roll comes from, and until when it may be used; without it none is taken in.

Electoral code, articles L. 37 and R. 16: whoever asks for the roll signs a promise of no commercial
use. CNIL: rolls are deleted once the vote is final.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from analysis.contacts.contact_store import Controller
from analysis.errors import DataError, Text, some

PROMISE = Text(
    "This electoral roll will not be put to any commercial use (electoral code, articles L. 37 "
    "and R. 16)."
)
# A list is outdated after a year: it is asked for again.
MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asked for a roll, and what they promised.

    Attributes
    ----------
    asked_by, place, asked_on
        Who asked for it, at which town hall or prefecture, on which day.
    promised_by, promised_on
        Who signed the promise of no commercial use, and when.
    list_date
        Day the list was drawn up.
    expires_on
        Last day the roll may be used; it ends with the last round at the latest.
    """

    asked_by: str
    place: str
    asked_on: date | None
    promised_by: str
    promised_on: date | None
    list_date: date | None
    expires_on: date | None

    def checked(self, controller: Controller, today: date) -> Origin:
        """Return the origin, sound; the last day is that of the last round at the latest.

        Parameters
        ----------
        controller
            Whose campaign it is; its rounds tell when the vote is final.
        today
            Day it is taken in.

        Raises
        ------
        DataError
            When something is lacking, or its days cannot be.
        """
        if lacking := [text for name, text in _ASKED.items() if not self._told(name)]:
            raise DataError(
                "An electoral roll is taken in only with who asked for it and what they promised.",
                where="lacking: {lacking}",
                mend="Fill it in from the request that was made and the promise that was signed "
                "(electoral code, L. 37 and R. 16).",
                lacking=some(lacking, most=len(lacking)),
            )
        days = (self.asked_on, self.promised_on, self.list_date)
        asked_on, promised_on, list_date = (day for day in days if day)
        assert self.expires_on
        for day in (asked_on, promised_on, list_date):
            if day > today:
                raise _days(Text("A day that has not come cannot be when it was asked for."), day)
        last = last_day(controller)
        if self.expires_on < today or (last and last < today):
            raise _days(
                Text("This roll may not be used any more."), min(self.expires_on, last or today)
            )
        if self.expires_on > today + timedelta(days=MOST_DAYS):
            raise _days(Text("A roll may be kept for a year at most."), self.expires_on)
        return Origin(
            self.asked_by.strip(),
            self.place.strip(),
            asked_on,
            self.promised_by.strip(),
            promised_on,
            list_date,
            min(self.expires_on, last or self.expires_on),
        )

    def _told(self, name: str) -> bool:
        value = getattr(self, name)
        return bool(value.strip() if isinstance(value, str) else value)


_ASKED = {
    "asked_by": Text("who asked for it"),
    "place": Text("where (town hall or prefecture)"),
    "asked_on": Text("when it was asked for"),
    "promised_by": Text("who signed the promise of no commercial use"),
    "promised_on": Text("when it was signed"),
    "list_date": Text("day of the list"),
    "expires_on": Text("last day of use"),
}


def last_day(controller: Controller) -> date | None:
    """Return the day of the last round, when the vote is final; None where no round is told."""
    return max((date.fromisoformat(one.date) for one in controller.rounds), default=None)


def _days(template: Text, day: date) -> DataError:
    return DataError(
        template,
        where="{day}",
        mend="Check the days of the request, of the list and of the last round.",
        day=day.isoformat(),
    )
