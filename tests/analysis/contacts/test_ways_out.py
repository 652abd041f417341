"""Every place that reads who somebody is stands in a list here, with what it does with it.

Whoever writes a new list, export or letter must come here: either the gate is asked in the function
that is named, or the values stay inside, or they go to the person alone, or to somebody who is
written down. The search goes by calls, not by wording, and follows functions that hand values on.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCES = [*(ROOT / "analysis").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
SOURCES += [*ROOT.glob("*.py"), *(ROOT / "tools").glob("*.py")]

VAULT, ROLL = "analysis.contacts.vault", "analysis.contacts.roll_store"
# What opens personal values, and what hands on what it opened: whoever calls these is searched.
READERS = {
    *(f"{VAULT}.{name}" for name in ("read", "every_point", "versions", "_open")),
    f"{ROLL}.rows_query",
    "analysis.contacts.acts.act_by",
    "analysis.contacts.known_of.known_of",
    "analysis.contacts.roll_universe.roll_rows",
    "analysis.messages.recipients.addresses",
    "analysis.messages.recipients.values_of",
    "analysis.workflows.people_shown.name_of",
    "analysis.workflows.people_shown.search",
    "analysis.workflows.people_shown.side_by_side",
}
GATE = {"analysis.contacts.gate.passes", "analysis.workflows.universes.gate_of"}
# Whoever names one of them names its module somewhere.
HOMES = re.compile(rf"\b({'|'.join({one.split('.')[-2] for one in READERS | GATE})})\b")

# Where values leave the campaign, and the function that asks the gate for it.
THROUGH_THE_GATE = {
    "analysis.contacts.calls:_first": "analysis.contacts.calls:next_call",
    "analysis.contacts.roll_universe:roll_rows": "analysis.workflows.universe_lists:take_out",
    "analysis.workflows.universe_lists:_named": "analysis.workflows.universe_lists:take_out",
    "analysis.workflows.universe_lists:_people": "analysis.workflows.universe_lists:take_out",
    "analysis.messages.approve:_rendered": "analysis.messages.recipients:recipients",
    "analysis.messages.outbox:_known": "analysis.messages.outbox:_gate",
    "analysis.messages.recipients:addresses": "analysis.messages.recipients:recipients",
    "analysis.messages.recipients:values_of": "analysis.messages.recipients:recipients",
    "analysis.messages.recipients:_reachable": "analysis.messages.recipients:recipients",
}
# Where nothing leaves: compared, counted, or kept as a digest.
INSIDE = {
    "analysis.contacts.acts:_same",
    "analysis.contacts.calls:next_call",
    "analysis.contacts.erasure:names_of",
    "analysis.contacts.erasure:points_of",
    "analysis.contacts.gate:_minors",
    "analysis.contacts.people_store:_match",
    "analysis.contacts.roll_counts:_people",
    "analysis.contacts.roll_counts:count_ages",
    "analysis.contacts.roll_counts:count_bureaux",
    "analysis.contacts.roll_universe:roll_addresses",
    "analysis.contacts.suppression:catch_up",
    "analysis.contacts.suppression:suppress_people",
    "analysis.messages.delivery_guard:guard_of",
    "analysis.messages.inbound:take_call",
    "analysis.messages.returned_mail:take_back",
    "analysis.workflows.erased_since:named",
    "analysis.workflows.people_linking:_people",
    "analysis.workflows.people_linking:_roll",
    "analysis.workflows.people_linking:give_homes",
}
# What the person themselves reads or signed, and what is done because they asked.
TO_THE_PERSON = {
    "analysis.contacts.acts:act_by",
    "analysis.contacts.consent_proofs:proofs",
    "analysis.contacts.known_of:_identity",
    "analysis.contacts.known_of:_roll",
    "analysis.workflows.duties:answer_access",
    "analysis.workflows.duties:answer_portability",
    "analysis.workflows.people_shown:name_of",
    "analysis.workflows.preferences:_is_stopped",
    "analysis.workflows.preferences:offered",
    "analysis.workflows.public_pages:_confirm",
    "pages._ui.law.requests_view:_who",
}
# What somebody of the campaign looks at: that they did is written down there.
LOOKED_AT = {
    "analysis.workflows.people_shown:search",
    "analysis.workflows.people_shown:side_by_side",
}
# What reads for those, and what asks them.
OF_LOOKS = {
    "analysis.cli.commands_people:_proposals",
    "analysis.workflows.people_shown:_by_name",
    "analysis.workflows.people_shown:_lines",
    "pages._ui.contacts.persons_view:_pairs",
    "pages._ui.contacts.persons_view:_search",
}
# Who may write a query of their own over these tables.
TABLES = {"VAULT", "ROLL_ROWS"}
KEEPERS = {
    "analysis/contacts/erasure.py",
    "analysis/contacts/known_of.py",
    "analysis/contacts/roll_counts.py",
    "analysis/contacts/roll_store.py",
    "analysis/contacts/roll_universe.py",
    "analysis/contacts/vault.py",
    "analysis/workflows/erased_since.py",
    "analysis/workflows/people_linking.py",
    "analysis/workflows/people_shown.py",
    "analysis/database/store_copy.py",
    "analysis/workflows/register_facts.py",
}


def names_of(module: str, tree: ast.Module) -> dict[str, str]:
    """Return what names of a module mean, dotted: what it imports, and its own functions."""
    known = {n.name: f"{module}.{n.name}" for n in tree.body if isinstance(n, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            # Without a name of its own, `import a.b` brings `a`.
            for one in node.names:
                root = one.name.split(".")[0]
                known |= {one.asname: one.name} if one.asname else {root: root}
        elif isinstance(node, ast.ImportFrom):
            known |= {(a.asname or a.name): f"{node.module}.{a.name}" for a in node.names}
    return known


def dotted(node: ast.AST, known: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value, known)
        return f"{inner}.{node.attr}" if inner else ""
    return known.get(node.id, "") if isinstance(node, ast.Name) else ""


def calls_of(module: str, text: str) -> dict[str, set[str]]:
    """Return dotted names that each function of a module names, by module:function.

    Not calls alone: a reader that is handed over is called by somebody else.
    """
    tree = ast.parse(text)
    known = names_of(module, tree)
    found: dict[str, set[str]] = {}
    parts = [p for n in tree.body for p in (n.body if isinstance(n, ast.ClassDef) else [n])]
    for node in parts:
        own = node.name if isinstance(node, ast.FunctionDef) else ""
        told = {dotted(one, known) for one in ast.walk(node)} - {""}
        found.setdefault(f"{module}:{own}", set()).update(told)
    return found


@pytest.fixture(scope="module")
def calls():
    made = {}
    for file in SOURCES:
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        text = file.read_text(encoding="utf-8")
        if HOMES.search(f"{module} {text}"):
            made |= calls_of(module, text)
    return made


def readers_among(calls):
    return {place for place, names in calls.items() if names & READERS}


def test_every_place_that_reads_personal_values_is_listed(calls):
    listed = THROUGH_THE_GATE.keys() | INSIDE | TO_THE_PERSON | LOOKED_AT | OF_LOOKS
    found = {one for one in readers_among(calls) if not one.startswith(f"{VAULT}:")}
    unlisted, idle = found - listed, listed - found
    assert not unlisted, "these read personal values and are not listed: ask the gate"
    assert not idle, "these are listed and read nothing"


def test_what_leaves_asks_the_gate_where_the_list_says(calls):
    wrong = {at: by for at, by in THROUGH_THE_GATE.items() if not calls.get(by, set()) & GATE}
    assert not wrong


def test_what_is_looked_at_is_written_down(calls):
    noted = {"analysis.access.audit.note", "analysis.access.audit.note_in"}
    assert not {at for at in LOOKED_AT if not calls[at] & noted}


def test_readers_are_called_what_the_list_calls_them(calls):
    made = {f"{at.partition(':')[0]}.{at.partition(':')[2]}" for at in calls}
    assert not READERS - made


@pytest.mark.parametrize(
    "text",
    [
        "from analysis.contacts import vault\ndef out(c, r, p):\n    return vault.read(c, r, p)",
        "from analysis.contacts.vault import read as x\ndef out(c, r, p):\n    return x(c, r, p)",
        "import analysis.contacts.roll_store\n"
        "def out(c, k):\n    return analysis.contacts.roll_store.rows_query(c, k)",
        "from analysis.workflows import people_shown as p\nout = map(p.search, [])",
        "from analysis.contacts import vault\n"
        "class Out:\n    def out(self):\n        return [vault.read(*one) for one in self.all]",
    ],
)
def test_a_new_way_out_that_forgets_the_gate_is_found(text):
    (place,) = readers_among(calls_of("analysis.exports.new", text))
    assert place.startswith("analysis.exports.new:")


def test_only_who_is_named_reads_the_tables_of_identity():
    """A query of one's own would pass by all of the above."""
    found = {
        file.relative_to(ROOT).as_posix()
        for file in SOURCES
        # What a text does not hold its tree does not either.
        if any(table in (text := file.read_text(encoding="utf-8")) for table in TABLES)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom)
        and TABLES & {one.name for one in node.names}
        or isinstance(node, ast.Attribute)
        and node.attr in TABLES
    }
    assert found == KEEPERS
