"""Verbs of a server: start it, enter its campaigns, invite people, verify the audit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Annotated

import typer

from analysis.cli.terminal import console

Campaign = Annotated[str, typer.Option("--campaign", help="Id of the campaign.")]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    for verb in (serve, campaign, invite, audit):
        app.command(verb.__name__)(verb)


def serve() -> None:
    """Start the server that palier.toml describes; it refuses to be open to anyone."""
    from analysis.cli.interrupts import Stopped
    from analysis.errors import DataError
    from analysis.fieldwork.store import VARIABLE
    from analysis.workflows import server_access
    from analysis.workflows.message_work import misconfigured

    settings = server_access.settings()
    if not settings.server:
        raise DataError(
            "No server is configured here.",
            mend="Write palier.toml (docs/server.md), or start the app for yourself: make app.",
        )
    # Pages are served all the same: what is wrong stands on the administrator's, too.
    for fault in misconfigured():
        console(stderr=True).print(str(fault))
    # Its tables are brought up to date before anybody comes.
    server_access.engine()
    server_access.close()
    options = {
        "server.address": settings.listen,
        "server.port": settings.port,
        "server.maxUploadSize": settings.upload_mb,
        "client.showErrorDetails": "none",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "streamlit", "run", str(server_access.ROOT / "serve.py")]
    environment = os.environ | {VARIABLE: settings.store}
    with subprocess.Popen([*command, *words], env=environment) as served:
        # Whoever ends this process ends the server, which would keep the port to itself.
        signal.signal(signal.SIGTERM, lambda *_: served.terminate())
        try:
            ended = served.wait()
        except Stopped:
            served.terminate()
            ended = 0
    raise typer.Exit(0 if ended == -signal.SIGTERM else ended)


def campaign(
    name: Annotated[
        str, typer.Argument(help="What people call the campaign; left out, all are listed.")
    ] = "",
    administrator: Annotated[
        str, typer.Option(help="Address of mail that its first administrator logs in with.")
    ] = "",
    organisation: Annotated[str, typer.Option(help="Party, federation or list it is of.")] = "",
) -> None:
    """Enter a campaign of a server and invite its administrator; print its id."""
    from analysis.access import membership
    from analysis.workflows import server_access

    if not name:
        for one in membership.campaigns(server_access.engine()):
            parts = (one[part] for part in ("campaign", "name", "organisation"))
            console().print("\t".join(parts))
        return
    made = server_access.new_campaign(
        name, organisation=organisation or name, administrator=administrator
    )
    console().print(made)


def invite(  # noqa: PLR0913 - the options of a verb
    email: Annotated[str, typer.Argument(help="Address of mail that the person logs in with.")],
    campaign: Campaign,
    role: Annotated[
        str, typer.Option(help="administrator, strategist, analyst, organiser or volunteer.")
    ],
    days: Annotated[int, typer.Option(help="How long it may be taken up.")] = 14,
    zone: Annotated[
        str, typer.Option(help="The role holds over this zone only, such as 75118 or canton:35-09.")
    ] = "",
    team: Annotated[str, typer.Option(help="The role holds over this team's turfs only.")] = "",
) -> None:
    """Let whoever logs in to a server with an address have a role; no mail is sent."""
    from analysis.access import invitations, membership
    from analysis.access.rights import Grant, Scope
    from analysis.workflows import server_access

    scope: Scope = "zone" if zone else "team" if team else "campaign"
    given = Grant(campaign, role, scope, zone or team)
    invitations.invite_by_mail(
        server_access.engine(), email, given, days=days, by=membership.NOBODY
    )


def audit(campaign: Campaign) -> None:
    """Verify the audit of a campaign and its places; print number of entries and last digest."""
    from analysis.access import audit as entries
    from analysis.database.engine import of_tenant
    from analysis.workflows import server_access

    for tenant, place in server_access.audits_of(campaign).items():
        count, digest = entries.verify(of_tenant(server_access.engine(), tenant))
        console().print(f"{count} {digest}" + (f"\t{place}" if place else ""))
