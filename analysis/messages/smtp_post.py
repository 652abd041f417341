"""A mail server named by a URL, with one connection that is kept while it lasts."""

from __future__ import annotations

import contextlib
import re
import smtplib
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import unquote, urlsplit

from analysis.errors import DataError

_PATIENCE_S = 30
_GO_ON, _LATER, _CLOSING, _PERMANENT = 354, 400, 421, 500
# A point that begins a line is doubled (RFC 5321, 4.5.2).
_DOTS = re.compile(rb"^\.", re.MULTILINE)
# Servers close a connection after so many messages, as a rule at 100 to 1,000.
_MOST_A_CONNECTION = 500


class RefusedError(Exception):
    """The server will not take this message to this person, now or ever."""

    def __init__(self, code: str, *, ever: bool) -> None:
        """Say its code, and whether there is no point in trying again."""
        super().__init__(code)
        self.code, self.ever = code, ever


class Post(Protocol):
    """What takes a message away: it returns when somebody else answers for it."""

    def send(self, sender: str, to: str, content: bytes) -> None:
        """Hand a message over.

        Parameters
        ----------
        sender
            Return path of the message; of a text, its id.
        to
            Address of mail, or number.
        content
            The message, as it goes over the line.

        Raises
        ------
        RefusedError
            When this one is not taken.
        DataError
            When none can be.
        """


class SmtpPost:
    """Sends by SMTP.

    Parameters
    ----------
    url
        smtp://USER:PASSWORD@HOST:587 (STARTTLS where it is offered) or smtps://…
    """

    def __init__(self, url: str) -> None:
        """Name the server; it is called when there is a message."""
        self._parts = urlsplit(url)
        self._server: smtplib.SMTP | None = None
        self._count = 0

    def send(self, sender: str, to: str, content: bytes) -> None:
        """Hand a message over; see `Post`.

        Parameters
        ----------
        sender, to, content
            As in `Post`.

        Raises
        ------
        RefusedError
            When the server does not take this one.
        DataError
            When there is no server, or it breaks off.
        """
        for last in (False, True):
            server = self._open()
            try:
                _hand_over(server, sender, to, content)
            except (smtplib.SMTPException, OSError) as error:
                self.close()
                # A connection that was kept too long is opened once more.
                if last or not self._count:
                    raise _no_server(error) from error
                self._count = 0
            else:
                self._count += 1
                if self._count >= _MOST_A_CONNECTION:
                    self.close()
                return

    def _open(self) -> smtplib.SMTP:
        if self._server is None:
            self._server, self._count = self._connect(), 0
        return self._server

    def _connect(self) -> smtplib.SMTP:
        parts = self._parts
        kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
        try:
            server = kind(parts.hostname or "", parts.port or 0, timeout=_PATIENCE_S)
            server.ehlo_or_helo_if_needed()
            if parts.scheme != "smtps" and server.has_extn("starttls"):
                server.starttls()
                server.ehlo()
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
        except (OSError, ValueError, smtplib.SMTPException) as error:
            raise _no_server(error) from error
        return server

    def close(self) -> None:
        """Say goodbye; what was handed over stays so."""
        if self._server is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._server.quit()
        self._server = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Say goodbye."""
        self.close()


def _hand_over(server: smtplib.SMTP, sender: str, to: str, content: bytes) -> None:
    """Hand a message over: in two round trips where the server allows it (RFC 2920), else in four.

    `smtplib.sendmail` reads both addresses again as it would a whole header, which takes longer
    than to write the message, and never sends two commands at once.
    """
    _check(sender, to)
    wanted = [f"MAIL FROM:<{sender}>", f"RCPT TO:<{to}>", "DATA"]
    answers: list[tuple[int, bytes]] = []
    for some in [wanted] if server.has_extn("pipelining") else [[one] for one in wanted]:
        server.send("".join(f"{one}\r\n" for one in some))
        answers += [server.getreply() for _one in some]
        if answers[-1][0] >= _LATER:
            break
    if answers[-1][0] == _GO_ON:
        # Where the address was refused nothing may follow: an empty message ends the attempt.
        refused = any(code >= _LATER for code, _said in answers)
        body = b"" if refused else _DOTS.sub(b"..", content)
        server.send(body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        answers.append(server.getreply())
    bad = next((one for one in answers if one[0] >= _LATER), None)
    if bad is None and len(answers) == len(wanted) + 1:
        return
    if bad is None or bad[0] == _CLOSING:
        raise smtplib.SMTPServerDisconnected("The server ended the conversation.")
    if bad is answers[0]:
        # Not the person is refused but who writes: nobody can be written to.
        raise smtplib.SMTPSenderRefused(*bad, sender)
    server.send("RSET\r\n")
    server.getreply()
    raise _refused(*bad)


def _check(sender: str, to: str) -> None:
    if not _is_bare(sender):
        # A setting is wrong, not the person: they are written to when it is mended.
        raise smtplib.SMTPSenderRefused(553, b"5.1.7", sender)
    if not _is_bare(to):
        # Without SMTPUTF8 no server takes it; those that have it are rare.
        raise RefusedError("553 5.6.7", ever=True)


def _is_bare(address: str) -> bool:
    """Tell whether an address can stand in a command, which it must not end."""
    return address.isascii() and not set(address) & set("\r\n\x00<> ")


def _refused(code: int, said: bytes | str) -> RefusedError:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    # What servers say may name the person: of it only the code is kept.
    enhanced = next((word for word in text.split()[:1] if word.count(".") == 2), "")  # noqa: PLR2004
    return RefusedError(f"{code} {enhanced}".strip(), ever=code >= _PERMANENT)


def _no_server(error: Exception) -> DataError:
    return DataError(
        "The mail server takes nothing at present: what waits will be tried again.",
        where="{kind}",
        mend="Check PALIER_SMTP, the network, and what the server allows this sender.",
        kind=type(error).__name__,
    )
