"""What a pull request hands in is taken as data, from its own commit, and everything else about it is refused by name."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.catalogues import Catalogue
from grader.cli import main
from grader.course import Course, load_course
from grader.errors import EngineFault, UsageError
from grader.hosts import api as api_module
from grader.hosts.api import Api
from grader.hosts.github import HEADERS, Fetched, fetch
from grader.hosts.posting import Telling
from grader.hosts.pull_requests import PullRequest, read_event
from tests.grader import github_host, two_exercises
from tests.grader.github_host import Host, Repository
from tests.grader.two_exercises import MUTE, W1, W2

APP = two_exercises.app()
MINE = f"submitted/ada/{W1}"
Change = Callable[[Repository], None]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, str]]:
    """A course's repository with two students in it, behind a host; nobody changes the branch."""
    folder = two_exercises.write(tmp_path_factory.mktemp("course"))
    for student in ("ada", "bo"):
        write(folder, f"submitted/{student}/{W2}/app.py", two_exercises.NOTHING)
    repository, first = github_host.begin(folder)
    with github_host.serving(repository) as host:
        yield host, first


@pytest.fixture
def host(shared: tuple[Host, str]) -> Iterator[tuple[Host, str]]:
    """The same, as it was at the beginning."""
    yield shared
    shared[0].lies.clear()
    shared[0].runs_of.clear()
    shared[0].asked.clear()
    shared[0].runs = 1
    shared[0].repository.back_to(shared[1])


def write(folder: Path, name: str, text: str | bytes = APP) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def course(folder: Path) -> Course:
    return load_course(folder, folder / "no-private-half")


def ask(host: Host) -> Api:
    return Api(host.address, "a-token", HEADERS)


def request(base: str, head: str, student: str = "ada") -> PullRequest:
    return PullRequest(github_host.COURSE, 7, student, base, head, student)


def proposed(host: tuple[Host, str], change: Change, runs_a_day: int | None = None) -> Fetched:
    """Propose a change, and fetch it while the course's folder is as it was."""
    there, first = host
    change(there.repository)
    head = there.repository.commit(parent=first)
    there.repository.back_to(first)
    return fetch(ask(there), request(first, head), course(there.repository.folder), runs_a_day)


def told(fetched: Fetched, language: str = "en") -> list[str]:
    return [Telling(Catalogue(), language).problem(one) for one in fetched.problems]


def blobs(host: Host) -> list[str]:
    return [path for _, path, _ in host.asked if "/git/blobs/" in path]


# -- what is taken


def test_the_listed_files_come_and_no_other(host: tuple[Host, str]) -> None:
    def change(repository: Repository) -> None:
        write(repository.folder, f"{MINE}/app.py")
        write(repository.folder, f"{MINE}/conftest.py", "raise SystemExit")
        write(repository.folder, f"{MINE}/.gitattributes", "* filter=evil")

    taken = proposed(host, change)
    assert (taken.files, taken.problems) == ({W1: {"app.py": APP.encode()}}, ())
    assert len(blobs(host[0])) == 1


def test_only_what_a_pull_request_changes_is_graded(host: tuple[Host, str]) -> None:
    assert list(proposed(host, lambda repository: write(repository.folder, f"{MINE}/app.py")).files) == [W1]


def test_several_exercises_come_in_the_order_of_the_course(host: tuple[Host, str]) -> None:
    def change(repository: Repository) -> None:
        write(repository.folder, f"submitted/ada/{W2}/app.py")
        write(repository.folder, f"{MINE}/app.py")

    assert list(proposed(host, change).files) == [W1, W2]


def test_a_file_that_is_taken_away_is_missing_and_nothing_more(host: tuple[Host, str]) -> None:
    gone = proposed(host, lambda repository: (repository.folder / f"submitted/ada/{W2}/app.py").unlink())
    assert (gone.files, gone.problems) == ({W2: {}}, ())


def test_a_file_may_be_moved_within_the_own_folder(host: tuple[Host, str]) -> None:
    def change(repository: Repository) -> None:
        (repository.folder / MINE).mkdir(parents=True)
        (repository.folder / f"submitted/ada/{W2}/app.py").rename(repository.folder / f"{MINE}/app.py")

    moved = proposed(host, change)
    assert moved.files == {W1: {"app.py": two_exercises.NOTHING.encode()}, W2: {}}


def test_a_pull_request_about_something_else_hands_in_nothing(host: tuple[Host, str]) -> None:
    other = proposed(host, lambda repository: write(repository.folder, "README.md", "new"))
    assert (other.files, other.problems) == ({}, ())


def test_bytes_come_as_they_are(host: tuple[Host, str]) -> None:
    data = bytes(range(256)) * 10
    assert (
        proposed(host, lambda repository: write(repository.folder, f"{MINE}/app.py", data)).files[W1]["app.py"] == data
    )


def test_a_directory_comes_whole(tmp_path: Path) -> None:
    repository, first = github_host.begin(two_exercises.write_packages(tmp_path))
    write(tmp_path, f"{MINE}/hello/__init__.py")
    write(tmp_path, f"{MINE}/hello/parts/texts.py", MUTE)
    write(tmp_path, f"{MINE}/hello/.env", "x")
    write(tmp_path, f"{MINE}/hello/films.db", "x")
    head = repository.commit(parent=first)
    with github_host.serving(repository) as there:
        fetched = fetch(ask(there), request(first, head), course(tmp_path))
    assert sorted(fetched.files[W1]) == ["hello/__init__.py", "hello/parts/texts.py"]


# -- what is refused


def writes(*names: str) -> Change:
    """Return what writes files of some names."""

    def change(repository: Repository) -> None:
        for name in names:
            write(repository.folder, name, "x")

    return change


def renames(repository: Repository) -> None:
    write(repository.folder, f"{MINE}/app.py")
    (repository.folder / f"submitted/bo/{W2}/app.py").rename(repository.folder / "submitted/ada/app.py")


def links(target: str, name: str = f"{MINE}/app.py") -> Change:
    def change(repository: Repository) -> None:
        (repository.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (repository.folder / name).symlink_to(target)

    return change


def steals_a_folder(repository: Repository) -> None:
    (repository.folder / "submitted/ada").rename(repository.folder / "submitted/ada2")
    (repository.folder / "submitted/ada").symlink_to("bo")


REFUSED: dict[str, tuple[Change, str]] = {
    "the workflow": (
        writes(f"{MINE}/app.py", ".github/workflows/grade.yml"),
        "`.github/workflows/grade.yml` is not yours to change: only what lies below `submitted/ada/` is",
    ),
    "a manifest": (
        writes(f"{MINE}/app.py", f"exercises/{W1}/exercise.toml"),
        f"`exercises/{W1}/exercise.toml` is not yours to change: only what lies below `submitted/ada/` is",
    ),
    "the public tests": (
        writes(f"{MINE}/app.py", f"exercises/{W1}/test_greeting.py"),
        f"`exercises/{W1}/test_greeting.py` is not yours to change: only what lies below `submitted/ada/` is",
    ),
    "the grader": (
        writes(f"{MINE}/app.py", "grader/__init__.py"),
        "`grader/__init__.py` is not yours to change: only what lies below `submitted/ada/` is",
    ),
    "another student's folder": (
        lambda r: write(r.folder, f"submitted/bo/{W2}/app.py"),
        f"`submitted/bo/{W2}/app.py` is not yours to change: only what lies below `submitted/ada/` is",
    ),
    "another student's file taken away": (
        lambda r: (r.folder / f"submitted/bo/{W2}/app.py").unlink(),
        f"`submitted/bo/{W2}/app.py` is not yours to change: only what lies below `submitted/ada/` is",
    ),
    "another student's file moved over": (
        renames, f"`submitted/bo/{W2}/app.py` is not yours to change: only what lies below `submitted/ada/` is",
    ),
    "a name that begins alike": (
        lambda r: write(r.folder, f"submitted/ada2/{W1}/app.py"),
        f"`submitted/ada2/{W1}/app.py` is not yours to change: only what lies below `submitted/ada/` is",
    ),
    "no exercise": (
        lambda r: write(r.folder, "submitted/ada/w9/app.py"),
        f"`submitted/ada/w9/app.py` belongs to no exercise: hand in below `submitted/ada/`, in a folder named like `{W1}`",
    ),
    "a link to a file": (links("../../bo/secret"), f"`{MINE}/app.py` is a link; hand in the file itself"),
    "a link as the exercise": (links(f"../bo/{W2}", MINE), f"`{MINE}` belongs to no exercise: hand in below `submitted/ada/`, "
                               f"in a folder named like `{W1}`"),
    "a link as the own folder": (
        steals_a_folder, "`submitted/ada` is not yours to change: only what lies below `submitted/ada/` is",
    ),
    "a file that Git LFS keeps": (
        lambda r: write(r.folder, f"{MINE}/app.py", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"),
        f"`{MINE}/app.py` only points to a file that Git LFS keeps; hand in the file itself",
    ),
    "a large file": (
        lambda r: write(r.folder, f"{MINE}/app.py", b"#" * (1 << 20) + b"#"),
        f"`{MINE}/app.py` is larger than 1048576 bytes",
    ),
    "a folder in a file's place": (writes(f"{MINE}/app.py/x.py"), f"`{MINE}/app.py` is not a regular file"),
    "more than is listed before what is handed in": (
        writes(*(f".venv/lib/{number}.py" for number in range(301)), f"{MINE}/app.py"),
        "this pull request changes 100 files or more; hand in only the files of your exercise",
    ),
    "an odd name": (
        writes("submitted/ada/x\n## <b>[a](http:/b)\x1b[31m`"),
        "`` submitted/ada/x\\n## <b>[a](http:/b)\\x1b[31m` `` belongs to no exercise: hand in below `submitted/ada/`, in a "
        f"folder named like `{W1}`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_by_name(name: str, host: tuple[Host, str], posix: None) -> None:
    change, sentence = REFUSED[name]
    refused = proposed(host, change)
    assert not refused.files
    assert sentence in told(refused)
    assert all("`" in line or "100" in line for line in told(refused, "zh-CN"))
    assert told(refused, "zh-CN") != told(refused)
    if name != "a file that Git LFS keeps":
        assert not blobs(host[0])


def index(host: tuple[Host, str], *entries: str) -> str:
    """Commit entries that no folder could hold; return the commit."""
    there, first = host
    there.repository.git("update-index", "--add", *(word for entry in entries for word in ("--cacheinfo", entry)))
    return there.repository.commit_index(first)


def test_a_submodule_is_refused(host: tuple[Host, str]) -> None:
    there, first = host
    for place, sentence in {
        f"{MINE}/app.py": f"`{MINE}/app.py` is another repository (a submodule); hand in the files themselves",
        f"{MINE}/x": None,
    }.items():
        there.repository.back_to(first)
        head = index(host, f"160000,{first},{place}")
        fetched = fetch(ask(there), request(first, head), course(there.repository.folder))
        assert told(fetched) == ([sentence] if sentence else [])
        assert sentence or fetched.files == {W1: {}}  # one that nobody asks for is never looked at


def test_a_hundred_thousand_files_are_refused_without_looking_at_one(host: tuple[Host, str]) -> None:
    there, first = host
    sha = there.repository.git("hash-object", "-w", "--stdin", data=b"x").decode().strip()
    names = "".join(f"100644 {sha}\t{MINE}/{number}.py\n" for number in range(100_000))
    there.repository.git("update-index", "--add", "--index-info", data=names.encode())
    head = there.repository.commit_index(first)
    began = time.process_time()
    fetched = fetch(ask(there), request(first, head), course(there.repository.folder))
    assert told(fetched) == ["this pull request changes 100 files or more; hand in only the files of your exercise"]
    assert len(there.asked) == 1
    assert time.process_time() - began < 5


def test_two_hundred_megabytes_are_refused_without_fetching_them(host: tuple[Host, str]) -> None:
    there, first = host
    head = index(
        host, f"100644,{there.repository.git('hash-object', '-w', '--stdin', data=b'x').decode().strip()},{MINE}/app.py"
    )
    tree = there.repository.git("rev-parse", f"{head}:{MINE}").decode().strip()
    large = {"path": "app.py", "mode": "100644", "type": "blob", "sha": "0" * 40, "size": 200 << 20}
    there.lies[tree] = (200, json.dumps({"tree": [large], "truncated": False}).encode())
    fetched = fetch(ask(there), request(first, head), course(there.repository.folder))
    assert told(fetched) == [f"`{MINE}/app.py` is larger than 1048576 bytes"]
    assert not blobs(there)


def test_at_most_so_many_runs_a_day(host: tuple[Host, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WORKFLOW_REF", f"{github_host.COURSE}/.github/workflows/grade.yml@refs/heads/main")
    host[0].runs = 3
    assert proposed(host, lambda r: write(r.folder, f"{MINE}/app.py"), runs_a_day=3).files
    host[0].runs = 4
    late = proposed(host, lambda r: write(r.folder, f"{MINE}/app.py"), runs_a_day=3)
    assert told(late) == ["more than 3 pull requests or pushes in 24 hours; the next one is graded later"]
    assert not late.files


@pytest.mark.parametrize("who", ["ada", "friend"])
def test_the_runs_of_a_day_are_those_of_the_author_and_of_who_pushed(
    who: str, host: tuple[Host, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GITHUB_WORKFLOW_REF", f"{github_host.COURSE}/.github/workflows/grade.yml@refs/heads/main")
    there, first = host
    there.runs, there.runs_of = 1, {who: 4}
    write(there.repository.folder, f"{MINE}/app.py")
    head = there.repository.commit(parent=first)
    there.repository.back_to(first)
    path = tmp_path / "event.json"
    path.write_text(json.dumps(github_host.event(first, head, sender="friend")))
    asked = read_event(path)
    assert (asked.student, asked.folder) == ("ada", "submitted/ada/")
    refused = fetch(ask(there), asked, course(there.repository.folder), 3)
    assert told(refused) == ["more than 3 pull requests or pushes in 24 hours; the next one is graded later"]


# -- a host that lies, or is not well


@pytest.mark.parametrize(
    ("path", "status", "body", "complaint"),
    [
        (
            "git/blobs",
            200,
            json.dumps({"content": base64.b64encode(b"other").decode()}).encode(),
            "is not what this hash",
        ),
        ("git/blobs", 200, b'{"content": "' + b"A" * 20_000 + b'"}', "longer than"),
        ("git/blobs", 200, b'{"content": "AAA"}', "no base64"),
        ("git/trees", 200, b'{"tree": [], "truncated": true}', "does not give all of it"),
        ("git/trees", 200, b"[" * 100_000, "is no JSON"),
        ("git/trees", 200, b'{"tree": 3, "truncated": false}', "no 'tree'"),
        ("compare", 404, b"{}", "knows nothing of it"),
        ("compare", 401, b"{}", "the token is not valid"),
        ("compare", 403, b"{}", "permissions of the job"),
        ("compare", 301, b"{}", "it has moved"),
        ("compare", 200, b'{"files": [{"filename": 3}]}', "no 'filename'"),
    ],
)
def test_what_the_host_says_is_not_believed(
    path: str, status: int, body: bytes, complaint: str, host: tuple[Host, str]
) -> None:
    host[0].lies[path] = (status, body)
    with pytest.raises(EngineFault, match=complaint):
        proposed(host, lambda repository: write(repository.folder, f"{MINE}/app.py"))


def test_a_host_that_is_busy_is_asked_again(host: tuple[Host, str], monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    host[0].lies["compare"] = (503, b"{}")
    with pytest.raises(EngineFault, match="status 503"):
        proposed(host, lambda repository: write(repository.folder, f"{MINE}/app.py"))
    assert len(slept) == api_module.TRIES - 1


def test_no_token_goes_over_an_open_line() -> None:
    with pytest.raises(UsageError, match="by https only"):
        Api("http://api.example.com", "a-token")


def test_no_token_of_the_machine_takes_the_place_of_ours(
    host: tuple[Host, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login x password y\n")
    monkeypatch.setenv("NETRC", str(netrc))
    proposed(host, lambda repository: write(repository.folder, f"{MINE}/app.py"))
    assert {token for _, _, token in host[0].asked} == {"Bearer a-token"}


# -- the event


def test_an_event_says_what_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(github_host.event("a" * 40, "b" * 40)))
    assert read_event(path) == request("a" * 40, "b" * 40)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("user", {"login": "../bo"}), ("user", {"login": "ada/x"}), ("user", None), ("number", True), ("number", 0),
        ("head", {"sha": "main"}), ("head", {"sha": "a" * 39 + "\n"}),
        ("base", {"sha": "a" * 40, "repo": {"full_name": "x/y/z"}}),
    ],
)  # fmt: skip
def test_an_event_of_another_form_is_refused(key: str, value: object, tmp_path: Path) -> None:
    content = github_host.event("a" * 40, "b" * 40)
    content["pull_request"][key] = value
    path = tmp_path / "event.json"
    path.write_text(json.dumps(content))
    with pytest.raises(UsageError, match=rf"event\.json: .*pull_request\.{key}"):
        read_event(path)


@pytest.mark.parametrize("content", ["", "[" * 5000, '{"ref": "refs/heads/main"}', "[]"])
def test_another_event_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"event\.json"):
        read_event(path)
    with pytest.raises(UsageError, match="--event"):
        read_event(tmp_path / "none.json")


def test_the_command_writes_what_it_fetched_to_a_new_folder_only(
    host: tuple[Host, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, first = host
    write(there.repository.folder, f"{MINE}/app.py")
    write(there.repository.folder, f"{MINE}/conftest.py")
    head = there.repository.commit(parent=first)
    there.repository.back_to(first)
    payload, outputs = tmp_path / "event.json", tmp_path / "outputs"
    payload.write_text(json.dumps(github_host.event(first, head)))
    monkeypatch.setenv("GITHUB_API_URL", there.address)
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    words = ["ci", "fetch", str(tmp_path / "out"), "--event", str(payload), "--reports", str(tmp_path / "reports"),
             "--course", str(there.repository.folder)]  # fmt: skip
    result = CliRunner().invoke(main, words)
    assert (result.exit_code, result.output) == (0, f"{W1}: 1 files, {len(APP)} bytes\n")
    written = [
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()
    ]
    assert written == [f"{MINE}/app.py"]
    assert outputs.read_text() == f"paths<<GRADER_PATHS\n{tmp_path / 'out' / 'submitted' / 'ada' / W1}\nGRADER_PATHS\n"
    again = CliRunner().invoke(main, words)
    assert (again.exit_code, "not empty; name a new folder" in again.output) == (2, True)


def test_the_address_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from grader.hosts.github import api

    monkeypatch.setenv("GITHUB_API_URL", "https://github.example/api/v3/")
    assert api("").address == "https://github.example/api/v3"
    monkeypatch.delenv("GITHUB_API_URL")
    assert api("").address == "https://api.github.com"
