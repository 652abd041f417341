"""One spelling for telephone numbers, addresses of mail and names, so that two files can meet."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberMatcher, PhoneNumberType

from analysis.errors import DataError, Text

# Numbers are read as they are dialled where the person lives.
_REGIONS = {
    "971": "GP",
    "972": "MQ",
    "973": "GF",
    "974": "RE",
    "975": "PM",
    "976": "YT",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}
# Ten digits mean one subscriber all over the French plan: 0692… is of Réunion in Paris too.
_PLAN = ("FR", "RE", "GP", "MQ", "GF", "YT")
_PERSONAL = {
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.VOIP,
    PhoneNumberType.PERSONAL_NUMBER,
}
# Kept by ARCEP for films and books (decision 2018-0881): nobody answers, so invented people of
# tests and samples have them. The rest of what fiction may use is valid as it is.
_FICTION = re.compile(r"\+33639980\d{3}|\+3363998\d{4}")
# Letters, digits and single points within: every reader of RFC 5321 takes it.
_PLAIN_LOCAL = re.compile(r"(?=.{1,60}$)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_PLAIN_LONGEST = 200
_GOOGLE = ("gmail.com", "googlemail.com")
_BETWEEN = re.compile(r"[;/,|\n]|\b(?:ou|et|or|and|puis)\b|\s[-–]\s", re.IGNORECASE)
# Remarks in brackets, but not the zero that is left out from abroad.
_REMARK = re.compile(r"\((?!0\))[^()]*[^\W\d_][^()]*\)")
_ROUNDED = re.compile(r"\d[.,]\d+e\+?\d+", re.IGNORECASE)

_LIGATURES = str.maketrans(
    {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
)
# Before a family name, written or left out as people please.
PARTICLES = frozenset({"de", "d", "du", "des", "la", "van", "von", "der", "den"})
# A family name with one letter wrong is the same only if it is long enough to tell.
_LONG_NAME = 5


@dataclass(frozen=True, slots=True)
class Point:
    """A contact point: as it is shown, and in the one spelling that is compared."""

    shown: str
    canonical: str


# ---- addresses of mail ---------------------------------------------------------------------


def read_email(text: str) -> Point | Text:
    """Return an address of mail, or why it is none; the reason never repeats it.

    The spelling of the person is shown. Compared is the local part in small letters (every large
    provider delivers so, and an objection must not hang on a capital) and the domain in ASCII.
    Points and +tags stay: what they mean is each provider's affair, and two people may differ
    by one. An objection alone holds for the mailbox (`mailboxes`).

    Parameters
    ----------
    text
        A cell, such as `Anna <anna@example.org>` or `mailto:anna@example.org`.
    """
    # Letters of double width are the same letters.
    bare = unicodedata.normalize("NFKC", text).strip(" \t\r\n\u00a0\ufeff\u200b;,.'\"")
    if found := re.search(r"<([^<>]+)>\s*$", bare):
        bare = found[1].strip()
    bare = re.sub(r"^mailto:\s*", "", bare, flags=re.IGNORECASE)
    if bare.count("@") != 1:
        return Text("no address of mail")
    local, _at, domain = bare.partition("@")
    if _PLAIN_LOCAL.fullmatch(local) and len(bare) <= _PLAIN_LONGEST and (is_at := _host(domain)):
        return Point(f"{local}@{is_at[0]}", f"{local.lower()}@{is_at[1]}")
    try:
        valid = validate_email(bare, check_deliverability=False)
    except EmailNotValidError:
        return Text("an address of mail that cannot exist")
    ascii_domain = (valid.ascii_domain or valid.domain).lower()
    return Point(valid.normalized, f"{valid.local_part.casefold()}@{ascii_domain}")


@lru_cache(4096)
def _host(domain: str) -> tuple[str, str] | None:
    """Return a domain as it is shown and compared; None where there can be none.

    A list has few domains and many people: a domain is judged once, the people's own part by
    `_PLAIN_LOCAL` where it has nothing to judge. No more than domains is kept, in memory.
    """
    try:
        valid = validate_email(f"a@{domain}", check_deliverability=False)
    except EmailNotValidError:
        return None
    return valid.domain, (valid.ascii_domain or valid.domain).lower()


def mailboxes(canonical: str) -> tuple[str, ...]:
    """Return the spellings that an objection by an address of mail holds for, itself first.

    Its mailbox without the +tag (RFC 5233), which its owner may change; at Google, where points
    count for nothing and there are two names for one house, that without them too.

    Examples
    --------
    >>> mailboxes("j.roi+liste@googlemail.com")
    ('j.roi+liste@googlemail.com', 'j.roi@googlemail.com', 'jroi@gmail.com')
    """
    local, at, domain = canonical.rpartition("@")
    bare = local.partition("+")[0] or local
    told = [canonical, f"{bare}{at}{domain}"]
    if domain in _GOOGLE:
        told.append(f"{bare.replace('.', '')}@{_GOOGLE[0]}")
    return tuple(dict.fromkeys(told))


def canonical_email(text: str) -> str:
    """Return an address of mail in the one spelling that is compared.

    Raises
    ------
    DataError
        When it is no address of mail; the message does not repeat it.
    """
    found = read_email(text)
    if isinstance(found, Point):
        return found.canonical
    raise DataError(
        "This is not an address of mail: {reason}.",
        mend="Write it as name@domain.fr.",
        reason=found,
    )


# ---- telephones ----------------------------------------------------------------------------


def region_of(departement: str) -> str:
    """Return the region of `phonenumbers` in which people of a département dial.

    Parameters
    ----------
    departement
        Its code, or one of a commune or a postcode that begins with it; "" for the mainland.
    """
    return _REGIONS.get(departement.strip()[:3], "FR")


def read_phones(text: str, departement: str = "") -> tuple[list[Point], list[Text]]:
    """Return the telephone numbers of a cell, and why what else stands there is none.

    Parameters
    ----------
    text
        A cell; it may hold several numbers.
    departement
        Where the person lives, as `region_of` takes it.
    """
    bare = _REMARK.sub(" ", unicodedata.normalize("NFKC", text)).strip()
    if not bare:
        return [], []
    whole = _read_phone(bare, departement)
    if isinstance(whole, Point):
        return [whole], []
    if _ROUNDED.search(bare):
        return [], [whole]
    parts = [part for part in _BETWEEN.split(bare) if re.search(r"\d", part)]
    if len(parts) < 2:
        parts = [m.raw_string for m in PhoneNumberMatcher(bare, region_of(departement))] or [bare]
    found = [_read_phone(part, departement) for part in parts]
    points = {one.canonical: one for one in found if isinstance(one, Point)}
    # Dates and remarks beside a number are no second number that failed.
    return list(points.values()), [one for one in found if isinstance(one, Text)]


def canonical_phone(text: str, departement: str = "") -> str:
    """Return a telephone number as the world dials it (E.164: +33612345678).

    Parameters
    ----------
    text
        One number.
    departement
        Where it is dialled, as `region_of` takes it.

    Raises
    ------
    DataError
        When it is no number of a person; the message does not repeat it.
    """
    found = _read_phone(unicodedata.normalize("NFKC", text).strip(), departement)
    if isinstance(found, Point):
        return found.canonical
    raise DataError(
        "This is not a telephone number of a person: {reason}.",
        mend="Write ten digits, or + and the code of the country.",
        reason=found,
    )


def is_mobile(canonical: str) -> bool:
    """Tell whether a number in E.164 takes short messages."""
    if _FICTION.fullmatch(canonical):
        return True
    kind = phonenumbers.number_type(phonenumbers.parse(canonical))
    return kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def _read_phone(text: str, departement: str) -> Point | Text:
    if _ROUNDED.search(text):
        return Text("a telephone number rounded by a spreadsheet")
    own = region_of(departement)
    reason = Text("no telephone number")
    # Numbers of Polynesia or New Caledonia mean another subscriber on the mainland.
    for region in dict.fromkeys((own, *_PLAN)):
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        canonical = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if not phonenumbers.is_valid_number(number) and not _FICTION.fullmatch(canonical):
            reason = Text("a telephone number that cannot exist")
            continue
        kind = phonenumbers.number_type(number)
        if kind not in _PERSONAL and not _FICTION.fullmatch(canonical):
            return Text("a premium or special telephone number")
        shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        return Point(shown, canonical)
    return reason


# ---- names ---------------------------------------------------------------------------------


def name_words(name: str) -> list[str]:
    """Return the words of a name in small letters without accents, hyphens and apostrophes."""
    plain = unicodedata.normalize("NFKD", name.translate(_LIGATURES))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.findall(r"[^\W\d_]+", plain.casefold())


def name_key(name: str) -> str:
    """Return a name in the one spelling that is compared: « Le Gall » is `legall`."""
    return "".join(name_words(name))


def bare_key(name: str) -> str:
    """Return `name_key` without the particles before it: « de Villepin » is `villepin`."""
    words = name_words(name)
    while len(words) > 1 and words[0] in PARTICLES:
        words = words[1:]
    return "".join(words)


def first_key(first_names: str) -> str:
    """Return the name somebody is called by: « Jean-Marc, Louis » is `jeanmarc`."""
    return name_key(re.split(r"[\s,;]+", first_names.strip())[0])


def same_family(one: str, other: str) -> bool:
    """Tell whether two family names are one, or one with a letter wrong."""
    keys = ({name_key(one), bare_key(one)}, {name_key(other), bare_key(other)})
    if keys[0] & keys[1]:
        return True
    return any(one_letter(a, b) for a in keys[0] for b in keys[1])


def same_first(one: str, other: str) -> bool:
    """Tell whether two first names may be one person's: equal, the beginning, or an initial."""
    a, b = name_key(one), name_key(other)
    first = (first_key(one), first_key(other))
    if not a or not b or first[0] == first[1]:
        return True
    if a.startswith(b) or b.startswith(a):
        # « J. » and « Jean-Marc »; never « Jean » and « Jeanne », whose words differ.
        words = [name_words(name) for name in (one, other)]
        short, long = sorted(words, key=len)
        return len(a) == 1 or len(b) == 1 or short == long[: len(short)] or a == b
    return one_letter(a, b)


def one_letter(a: str, b: str) -> bool:
    """Tell whether one letter was changed, added, left out, or two neighbours swapped."""
    if min(len(a), len(b)) < _LONG_NAME or abs(len(a) - len(b)) > 1:
        return False
    if len(a) == len(b):
        wrong = [i for i in range(len(a)) if a[i] != b[i]]
        swapped = len(wrong) == 2 and wrong[1] == wrong[0] + 1
        crossed = swapped and a[wrong[0]] == b[wrong[1]] and a[wrong[1]] == b[wrong[0]]
        return len(wrong) <= 1 or crossed
    short, long = sorted((a, b), key=len)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
