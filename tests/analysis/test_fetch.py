"""Downloads, against a publisher on this machine that behaves as badly as real ones."""

import errno
import hashlib
import io
import shlex
import shutil
import socket
import threading
import tomllib
import zipfile
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from analysis.cli.main import main
from analysis.errors import DataError
from analysis.fetch import download as downloading
from analysis.fetch import place as placing
from analysis.fetch.catalogue import ROLES, Catalogue, Place, Source, read_catalogue
from analysis.fetch.place import fetch
from analysis.fetch.redirects import open_client
from analysis.workflows.jobs import StoppedError
from analysis.workflows.place_files import command_after_fetch
from tests.publisher import CONTENT, serving

PAGE = "https://publisher.example/page"


class Notes:
    """A progress that remembers."""

    def __init__(self):
        self.notes, self.begun, self.count = [], [], 0

    def begin(self, file, *, total, done):
        """Remember what starts, and from where."""
        self.begun.append((file, total, done))
        self.count = done

    def advance(self, count):
        """Count the bytes of the current file."""
        self.count += count

    def note(self, text):
        """Remember it."""
        self.notes.append(text)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(downloading, "WAITS_S", (0.0, 0.0, 0.0))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def publisher():
    with serving() as server:
        yield server


def source(*urls, **changes):
    plain = {
        "id": "results",
        "role": "general_results",
        "title": {"fr": "Résultats", "en": "Results"},
        "urls": urls,
        "file": "results.parquet",
        "licence": "Licence Ouverte 2.0",
        "page": PAGE,
        "checked": True,
    }
    return Source(**plain | changes)


def fetch_one(workspace, *urls, progress=None, place="75056", **changes):
    (fetched,) = fetch(
        place, workspace, catalogue=Catalogue((source(*urls, **changes),)), progress=progress
    )
    return fetched


def test_a_file_arrives_whole_with_its_digest(publisher, tmp_path):
    notes = Notes()
    fetched = fetch_one(tmp_path / "new", publisher.url + "/results", progress=notes)
    assert fetched.path == tmp_path / "new" / "downloads" / "results.parquet"
    assert fetched.path.read_bytes() == CONTENT
    assert fetched.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (fetched.status, fetched.bytes) == ("downloaded", len(CONTENT))
    assert notes.begun == [("results.parquet", len(CONTENT), 0)]
    assert notes.count == len(CONTENT)
    assert not list(fetched.path.parent.glob("*.part*"))


def test_a_second_run_downloads_nothing(publisher, tmp_path):
    url = publisher.url + "/moved/results"
    fetch_one(tmp_path, url)
    sent = publisher.sent
    assert fetch_one(tmp_path, url).status == "unchanged"
    assert publisher.sent == sent


def test_a_second_run_gets_what_the_publisher_has_changed(publisher, tmp_path):
    fetch_one(tmp_path, publisher.url + "/results")
    publisher.files["/results"] = b"newer"
    fetched = fetch_one(tmp_path, publisher.url + "/results")
    assert (fetched.status, fetched.path.read_bytes()) == ("downloaded", b"newer")


def test_a_file_damaged_on_the_disk_is_downloaded_again(publisher, tmp_path):
    path = fetch_one(tmp_path, publisher.url + "/results").path
    path.write_bytes(b"x" + CONTENT[1:])
    assert fetch_one(tmp_path, publisher.url + "/results").status == "downloaded"
    assert path.read_bytes() == CONTENT


def test_a_cut_connection_is_resumed_where_it_stopped(publisher, tmp_path):
    publisher.cuts = [300_000, 200_000]
    notes = Notes()
    fetched = fetch_one(tmp_path, publisher.url + "/results", progress=notes)
    assert (fetched.status, fetched.path.read_bytes()) == ("resumed", CONTENT)
    assert publisher.sent == len(CONTENT)
    assert [done for _, _, done in notes.begun] == [0, 300_000, 500_000]
    assert notes.count == len(CONTENT)
    assert len(notes.notes) == 2
    assert all("If-Range" in headers for _, headers in publisher.asked if "Range" in headers)


def test_a_later_run_resumes_what_an_earlier_one_left(publisher, tmp_path):
    publisher.cuts = [100_000] * 4
    with pytest.raises(DataError, match="cannot be reached") as error:
        fetch_one(tmp_path, publisher.url + "/results")
    assert "run the same command again" in error.value.mend
    assert not (tmp_path / "downloads" / "results.parquet").exists()
    assert fetch_one(tmp_path, publisher.url + "/results").path.read_bytes() == CONTENT
    assert publisher.sent == len(CONTENT)


def test_a_file_that_changed_meanwhile_is_begun_again(publisher, tmp_path):
    publisher.cuts = [100_000] * 4
    with pytest.raises(DataError):
        fetch_one(tmp_path, publisher.url + "/results")
    publisher.files["/results"] = newer = CONTENT[::-1]
    fetched = fetch_one(tmp_path, publisher.url + "/results")
    assert (fetched.status, fetched.path.read_bytes()) == ("downloaded", newer)


def test_another_version_is_noticed_even_if_the_publisher_continues_with_it(publisher, tmp_path):
    publisher.cuts = [100_000] * 4
    with pytest.raises(DataError):
        fetch_one(tmp_path, publisher.url + "/results")
    publisher.files["/results"] = newer = CONTENT[::-1]
    publisher.obeys_if_range = False
    assert fetch_one(tmp_path, publisher.url + "/results").path.read_bytes() == newer


@pytest.mark.parametrize("newer", [CONTENT[::-1], CONTENT[::-1] + b"more"])
def test_another_version_is_noticed_by_its_day_or_size_where_it_has_no_etag(
    publisher, tmp_path, newer
):
    publisher.has_etags, publisher.has_dates, publisher.cuts = False, True, [100_000] * 4
    with pytest.raises(DataError):
        fetch_one(tmp_path, publisher.url + "/results")
    publisher.files["/results"], publisher.obeys_if_range = newer, False
    publisher.has_dates = len(newer) == len(CONTENT)
    assert fetch_one(tmp_path, publisher.url + "/results").path.read_bytes() == newer


def test_a_file_that_changes_in_the_middle_of_the_retries_is_never_mixed(publisher, tmp_path):
    """The first piece is of one version, the retry meets the next: all of it is the next."""
    newer = CONTENT[::-1]

    class Changing(Notes):
        def note(self, text):
            publisher.files["/results"] = newer

    publisher.cuts = [300_000]
    fetched = fetch_one(tmp_path, publisher.url + "/results", progress=Changing())
    assert fetched.path.read_bytes() == newer
    assert fetched.sha256 == hashlib.sha256(newer).hexdigest()


def test_a_publisher_that_stalls_is_given_up_and_resumed(publisher, tmp_path, monkeypatch):
    until = threading.Event()
    publisher.stalls = [(400_000, until)]
    monkeypatch.setattr(placing, "open_client", lambda: open_client(httpx.Timeout(0.3)))
    notes = Notes()
    fetched = fetch_one(tmp_path, publisher.url + "/results", progress=notes)
    until.set()
    assert (fetched.status, fetched.path.read_bytes()) == ("resumed", CONTENT)
    assert notes.begun[1][2] == 400_000
    assert "timed out" in notes.notes[0]


def test_stopping_keeps_what_has_arrived_for_the_next_time(publisher, tmp_path):
    class Stopping(Notes):
        def advance(self, count):
            super().advance(count)
            if self.count > 200_000:
                raise StoppedError

    with pytest.raises(StoppedError):
        fetch_one(tmp_path, publisher.url + "/results", progress=Stopping())
    here = (tmp_path / "downloads" / "results.parquet.part").stat().st_size
    assert 200_000 < here < len(CONTENT)
    notes = Notes()
    fetched = fetch_one(tmp_path, publisher.url + "/results", progress=notes)
    assert (fetched.status, fetched.path.read_bytes()) == ("resumed", CONTENT)
    assert notes.begun == [("results.parquet", len(CONTENT), here)]


@pytest.mark.parametrize("told", [True, False])
def test_a_file_larger_than_it_can_be_is_refused(publisher, tmp_path, monkeypatch, told):
    if not told:
        monkeypatch.setattr(downloading, "_expect_size", lambda *_: None)
    publisher.files["/results"] = CONTENT * 2
    with pytest.raises(DataError, match="larger than this file can be") as error:
        fetch_one(tmp_path, publisher.url + "/results", most_mb=1)
    assert "more than 1 MB" in error.value.where
    assert not list((tmp_path / "downloads").iterdir())


@pytest.mark.parametrize(
    ("here", "target", "followed"),
    [
        ("https://8.8.8.8/a", "https://9.9.9.9/b", True),
        ("https://8.8.8.8/a", "https://127.0.0.1/b", False),
        ("https://8.8.8.8/a", "https://10.0.0.7/b", False),
        ("https://8.8.8.8/a", "https://169.254.169.254/latest", False),
        ("https://8.8.8.8/a", "https://[::1]/b", False),
        ("https://8.8.8.8/a", "https://localhost/b", False),
        ("https://8.8.8.8/a", "http://9.9.9.9/b", False),
        ("http://127.0.0.1/a", "http://10.0.0.7/b", True),
    ],
)
def test_nobody_is_sent_from_outside_to_what_only_this_machine_reaches(here, target, followed):
    def answer(request):
        if str(request.url) == here:
            return httpx.Response(302, headers={"Location": target})
        return httpx.Response(200, content=b"inside")

    with open_client(transport=httpx.MockTransport(answer)) as client:
        if followed:
            assert client.get(here).content == b"inside"
        else:
            with pytest.raises(DataError, match="sends on to an address") as error:
                client.get(here)
            assert target in error.value.where


def test_a_part_from_one_address_is_not_continued_from_another(publisher, tmp_path):
    publisher.files["/mirror"] = CONTENT
    publisher.cuts = [100_000] * 4
    fetched = fetch_one(tmp_path, publisher.url + "/results", publisher.url + "/mirror")
    assert (fetched.status, fetched.url) == ("downloaded", publisher.url + "/mirror")
    assert fetched.path.read_bytes() == CONTENT


def test_pieces_that_do_not_fit_together_are_begun_again(publisher, tmp_path):
    url, part = publisher.url + "/results", tmp_path / "downloads" / "results.parquet.part"
    part.parent.mkdir()
    part.write_bytes(b"damaged")
    etag = f'"{hashlib.md5(CONTENT).hexdigest()}"'
    downloading.Origin(url, etag=etag, bytes=len(CONTENT)).write(part)
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert fetch_one(tmp_path, url, sha256=digest).path.read_bytes() == CONTENT


def test_a_weak_etag_does_not_vouch_for_identical_bytes():
    day = "Sun, 22 Nov 2026 00:00:00 GMT"
    assert downloading.Origin("url", etag='W/"a"', last_modified=day).validator == day
    assert downloading.Origin("url", etag='W/"a"').validator == ""
    assert downloading.Origin("url", etag='"a"', last_modified=day).validator == '"a"'


@pytest.mark.parametrize("path", ["/empty", "/moved/loop"])
def test_an_empty_file_or_an_endless_redirection_is_no_file(publisher, tmp_path, path):
    publisher.files["/empty"] = b""
    publisher.loops = path == "/moved/loop"
    with pytest.raises(DataError, match="cannot be reached"):
        fetch_one(tmp_path, publisher.url + path)


def test_without_etags_nothing_is_resumed_nor_taken_for_unchanged(publisher, tmp_path):
    publisher.has_etags = False
    publisher.cuts = [300_000]
    assert fetch_one(tmp_path, publisher.url + "/results").path.read_bytes() == CONTENT
    assert publisher.sent == 300_000 + len(CONTENT)
    assert fetch_one(tmp_path, publisher.url + "/results").status == "downloaded"


def test_a_part_that_was_already_whole_is_put_in_place(publisher, tmp_path):
    publisher.cuts = [0]
    part = tmp_path / "downloads" / "results.parquet.part"
    part.parent.mkdir()
    part.write_bytes(CONTENT)
    url = publisher.url + "/results"
    downloading.Origin(url, etag='"a"', bytes=len(CONTENT)).write(part)
    assert fetch_one(tmp_path, url).path.read_bytes() == CONTENT
    assert publisher.asked == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_is_tried_again(publisher, tmp_path, status):
    publisher.statuses = [status, status]
    assert fetch_one(tmp_path, publisher.url + "/results").path.read_bytes() == CONTENT


def test_tries_are_bounded(publisher, tmp_path):
    publisher.statuses = [503] * 100
    with pytest.raises(DataError, match="cannot be reached") as error:
        fetch_one(tmp_path, publisher.url + "/results")
    assert "503 Service Unavailable" in error.value.where
    assert len(publisher.asked) == 4


def test_the_expected_digest_is_checked_and_then_trusted(publisher, tmp_path):
    digest = hashlib.sha256(CONTENT).hexdigest()
    fetch_one(tmp_path, publisher.url + "/results", sha256=digest, size=len(CONTENT))
    asked = len(publisher.asked)
    assert fetch_one(tmp_path, publisher.url + "/results", sha256=digest).status == "unchanged"
    assert len(publisher.asked) == asked


@pytest.mark.parametrize(("name", "value"), [("sha256", "0" * 64), ("size", 12)])
def test_another_file_than_the_expected_one_is_refused(publisher, tmp_path, name, value):
    with pytest.raises(DataError, match="Not the file of the catalogue") as error:
        fetch_one(tmp_path, publisher.url + "/results", **{name: value})
    assert str(value) in error.value.where
    assert PAGE in error.value.mend
    assert not list((tmp_path / "downloads").iterdir())


def test_a_file_that_has_moved_says_where_to_look(publisher, tmp_path):
    with pytest.raises(DataError, match="has moved the file: Results") as error:
        fetch_one(tmp_path, publisher.url + "/nowhere")
    assert error.value.where == f"{publisher.url}/nowhere (404 Not Found)"
    assert PAGE in error.value.mend
    assert "--catalogue" in error.value.mend
    assert "--without" not in error.value.mend


def test_what_can_be_done_without_says_so(publisher, tmp_path):
    publisher.statuses = [403]
    with pytest.raises(DataError, match="refused the file") as error:
        fetch_one(tmp_path, publisher.url + "/results", role="squares")
    assert "--without squares" in error.value.mend


def test_a_login_page_is_not_taken_for_the_file(publisher, tmp_path):
    publisher.content_type = "text/html; charset=utf-8"
    with pytest.raises(DataError, match="web page came instead"):
        fetch_one(tmp_path, publisher.url + "/results")
    assert not list((tmp_path / "downloads").iterdir())


def test_no_network_is_said_clearly(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/results"
    with pytest.raises(DataError, match="cannot be reached") as error:
        fetch_one(tmp_path, url)
    assert url in error.value.where
    assert "connection to the internet" in error.value.mend


def test_without_network_what_is_here_still_serves(publisher, tmp_path):
    url = publisher.url + "/results"
    fetch_one(tmp_path, url)
    publisher.statuses = [503] * 4
    notes = Notes()
    assert fetch_one(tmp_path, url, progress=notes).status == "unchanged"
    assert "kept as it is" in notes.notes[-1]


def test_the_next_address_is_asked_when_one_fails(publisher, tmp_path):
    urls = publisher.url + "/gone", publisher.url + "/results"
    assert fetch_one(tmp_path, *urls).url == urls[1]
    with pytest.raises(DataError) as error:
        fetch_one(tmp_path, publisher.url + "/gone", publisher.url + "/lost", file="other")
    assert "/gone" in error.value.where
    assert "/lost" in error.value.where


def test_a_disk_without_room_is_noticed_before_downloading(publisher, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=1000))
    with pytest.raises(DataError, match="no room for results.parquet"):
        fetch_one(tmp_path, publisher.url + "/results")


@pytest.mark.parametrize(
    ("number", "what"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "may not be written"),
        (errno.EIO, "cannot be"),
    ],
)
def test_what_the_disk_refuses_is_explained(publisher, tmp_path, monkeypatch, number, what):
    def refuse(*_):
        raise OSError(number, "refused")

    monkeypatch.setattr(downloading.os, "replace", refuse)
    with pytest.raises(DataError, match=what) as error:
        fetch_one(tmp_path, publisher.url + "/results")
    assert "results.parquet" in error.value.where


def test_a_workspace_that_is_a_file_is_explained(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        fetch_one(tmp_path / "file", "http://127.0.0.1:9/results")


def zipped(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return stream.getvalue()


def test_the_wanted_member_is_taken_out_of_a_zip(publisher, tmp_path):
    publisher.files["/squares.zip"] = zipped(
        squares_met__csv="mainland", squares_reun__csv="island"
    )
    squares = {"file": "squares.zip", "member": "squares_{territory}.csv", "role": "squares"}
    url = publisher.url + "/squares.zip"
    fetched = fetch_one(tmp_path, url, place="97411", **squares)
    assert (fetched.path.name, fetched.path.read_text()) == ("squares_reun.csv", "island")
    fetched = fetch_one(tmp_path, url, place="75056", **squares)
    assert (fetched.status, fetched.path.read_text()) == ("unchanged", "mainland")


@pytest.mark.parametrize("content", [zipped(squares__7z="packed"), b"not a zip"])
def test_a_zip_without_the_member_is_explained(publisher, tmp_path, content):
    publisher.files["/squares.zip"] = content
    with pytest.raises(DataError, match="does not hold squares.csv"):
        fetch_one(tmp_path, publisher.url + "/squares.zip", member="squares.csv")


def test_a_file_not_published_for_the_place_is_left_out_aloud(tmp_path):
    notes = Notes()
    nothing = Catalogue((source("http://127.0.0.1:9/{territory}"),))
    assert fetch("97302", tmp_path, catalogue=nothing, progress=notes) == []
    assert notes.notes == ["Results: not published for Cayenne, left out"]


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("75056", Place("75", "75056")),
        ("75115", Place("75", "75056")),
        ("2a004", Place("2A", "2A004")),
        ("97411", Place("974", "97411")),
        ("ZA101", Place("971", "97101")),
        ("33", Place("33", "")),
        ("974", Place("974", "")),
    ],
)
def test_codes_of_places(code, place):
    assert Place.of(code) == place


@pytest.mark.parametrize("code", ["", "Pariss sur Loin", "99001", "7505", "../75056"])
def test_a_place_that_does_not_exist_is_refused_before_anything_is_made(tmp_path, code):
    with pytest.raises(DataError, match="No place is called") as error:
        fetch_one(tmp_path / "new", "http://127.0.0.1:9/results", place=code)
    assert "Saint-Denis (93)" in error.value.mend
    assert not (tmp_path / "new").exists()


def test_an_unknown_role_cannot_be_left_out(tmp_path):
    with pytest.raises(DataError, match="no such role: weather"):
        fetch("75056", tmp_path, catalogue=Catalogue(()), without=["weather"])


def test_the_catalogue_of_palier_covers_every_role_with_https_addresses():
    catalogue = read_catalogue()
    assert [entry.role for entry in catalogue.sources] == list(ROLES)
    assert [entry.role for entry in catalogue.sources if entry.asked_only] == ["reu"]
    assert [entry.role for entry in catalogue.sources if entry.may_fail] == ["reu_bureaux"]
    for entry in catalogue.sources:
        filled = entry.at(Place.of("75056"))
        assert all(url.startswith("https://") and "{" not in url for url in filled.urls)
        assert filled.page.startswith("https://")
        assert {"fr", "en"} <= set(entry.title)
    by_role = {entry.role: entry for entry in catalogue.sources}
    assert by_role["addresses"].at(Place.of("2A")).file == "adresses-2A.csv.gz"
    assert by_role["squares"].at(Place.of("973")) is None


ENTRY = """[[source]]
id = "results"
role = "general_results"
title = {fr = "Résultats", en = "Results"}
urls = ["URL/results"]
file = "general.csv"
licence = "CC0"
page = "https://publisher.example"
checked = false
"""


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('id = "results"', 'id = "results', "cannot be read"),
        ("[[source]]", "[[other]]", "no [[source]]"),
        ('file = "general.csv"', "", "results: file is missing"),
        ('role = "general_results"', 'role = "weather"', "results: role must be one of"),
        ('file = "general.csv"', 'file = "../general.csv"', "plain name"),
        ('"URL/results"', '"ftp://old.example"', "ftp://old.example is not an http address"),
        ('"URL/results"', "", "urls is empty"),
        ('"URL/results"', '"http://a.example/{town}"', "{town} is not known"),
        ('"URL/results"', '"http://a.example/{"', "{} is not known"),
        ("checked = false", 'checked = "no"', "checked must be true or false"),
        ("checked = false", "checked = false\ncolour = 1", "colour is not known"),
        ("checked = false", 'checked = false\nsha256 = "12"', "64 hexadecimal digits"),
        ("checked = false", "checked = false\n" + ENTRY, "results: given twice"),
        (', en = "Results"', "", "title must have fr and en"),
        ("checked = false", 'checked = false\nkeep = "all"', "keep must be one of cut, shared"),
    ],
)
def test_a_faulty_catalogue_names_its_faults(tmp_path, before, after, fault):
    file = tmp_path / "own.toml"
    assert before in ENTRY
    text = ENTRY.replace(before, after, 1).replace("URL", "http://publisher.example")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_catalogue(file)
    assert fault in str(error.value)
    assert str(file) in error.value.where


def test_a_catalogue_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match="cannot be read") as error:
        read_catalogue(tmp_path / "none.toml")
    assert "none.toml" in error.value.where


def test_the_command_ends_with_the_build_line(publisher, tmp_path, capsys):
    own = tmp_path / "own.toml"
    entries = [
        ENTRY,
        ENTRY.replace('"results"', '"votes"')
        .replace("general_results", "candidats_results")
        .replace("general.csv", "candidats.csv"),
        ENTRY.replace('"results"', '"contours"')
        .replace("general_results", "contours")
        .replace("general.csv", "contours.geojson")
        + "vintage = 2022\n",
    ]
    own.write_text("\n".join(entries).replace("URL", publisher.url), encoding="utf-8")
    workspace = tmp_path / "my town"
    asked = ["fetch", "--place", "75115", "--workspace", str(workspace), "--catalogue", str(own)]
    with pytest.raises(SystemExit) as ended:
        main(asked)
    assert not ended.value.code
    out, err = capsys.readouterr()
    names = ("general.csv", "candidats.csv", "contours.geojson")
    files = [str(workspace / "downloads" / name) for name in names]
    assert shlex.split(out.splitlines()[-1]) == [
        *("python", "-m", "analysis", "build", "--workspace", str(workspace)),
        *("--results", files[0], files[1], "--contours", files[2], "--vintage", "2022"),
        *("--licence", "contours.geojson=CC0"),
        *("--place", "75115"),
    ]
    assert "was not confirmed" in err
    with pytest.raises(SystemExit):
        main([*asked, "--without", "contours"])
    assert "--contours" not in capsys.readouterr().out


def test_nothing_is_built_without_results(tmp_path):
    with pytest.raises(DataError, match="without general_results and candidats_results"):
        command_after_fetch("75056", tmp_path, [])


def test_the_catalogue_is_plain_toml_that_people_may_copy():
    file = Path(downloading.__file__).with_name("catalogue.toml")
    assert len(tomllib.loads(file.read_text(encoding="utf-8"))["source"]) == len(ROLES)
