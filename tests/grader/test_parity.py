"""Parity: a port to a framework is judged by the tests of the raw app too, under its own name, factory and points."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import load_course
from grader.errors import UsageError
from grader.grading.grade import Grader
from grader.grading.workers import Worker
from grader.hashing import hashes
from grader.models import Attempt, Isolation, Outcome, Submission, Visibility
from grader.reports import document as documents
from grader.reports.document import document
from grader.scoring import apportion, apportion_to_all
from tests.grader.test_plain_run import run_pytest

RAW_MANIFEST = """
kind = "graded"
files = ["app.py"]
entry = "app:application"
title = {en = "Raw", zh-CN = "裸应用"}
"""
PORT_MANIFEST = """
kind = "graded"
files = ["port.py"]
entry = "port:application"
fresh = true
same_tests_as = ["r1"]
parity_points = {public = 5, hidden = 10}
title = {en = "Port", zh-CN = "移植"}
factory = {name = "create_app", takes = "settings"}
"""
STATEMENT = '# Films\n\n- <a id="{anchor}"></a>{sentence}\n'
RAW_PUBLIC = '''
import pytest
from pytest import mark

seen = []

@pytest.fixture
def client_of(make_app):
    from werkzeug.test import Client
    return lambda **settings: Client(make_app(**settings))

@mark.points(10, "correctness", statement="films")
def test_films(client_of):
    """the films are listed"""
    seen.append(1)
    assert seen == [1], "this module has a state of its own for each exercise"
    assert client_of(catalog=["Léon"]).get("/").text == "Léon", "the films that make_app was given"

@mark.points(20, "robustness", statement="films", after=test_films)
def test_no_films(client_of):
    """an empty catalogue gives an empty page"""
    assert client_of(catalog=[]).get("/").text == "", "what comes if there are none"

@mark.raw_only
@mark.points(10, "design", statement="films")
def test_match(submission):
    """match knows the path"""
    assert submission.match("/"), "match"
'''
RAW_HIDDEN = '''
from pytest import mark

from grader.testing import Finding, public

LEAK_MARKER = "leak-marker-of-the-raw-one"

@mark.points(7, "correctness", statement="films")
@mark.parametrize("film", ["Amelie 31337", "WALL-E 31337"])
def test_other_films(make_app, trace, film):
    """other films are listed too"""
    seen = trace(make_app(catalog=[film]), "GET", "/")
    if seen.body.decode("utf-8", "replace") != film:
        raise Finding("the {kind} film was not shown but {text}", look="the films that make_app was given",
                      kind=public("other"), text=seen.body)

@mark.points(5, "robustness", statement="films", after=test_other_films)
def test_two_apps(make_app, trace):
    """two apps do not share their films"""
    one, other = make_app(catalog=["1"]), make_app(catalog=["2"])
    assert [trace(app, "GET", "/").body for app in (one, other)] == [b"1", b"2"], "what two apps share"

@mark.points(5, "protocol", rule="PEP 3333 (must): Unicode Issues")
def test_bytes(app, trace):
    """bodies are bytes"""
    trace(app, "GET", "/").check()
'''
PORT_HIDDEN = '''
from pytest import mark

@mark.points(3, "design", statement="port")
def test_films(submission):
    """create_app makes something that can be called"""
    assert submission.describe("create_app")["callable"], "create_app"
'''
PORT_PUBLIC = (
    PORT_HIDDEN.replace("test_films", "test_port")
    .replace("create_app makes", "application is")
    .replace('describe("create_app")', 'describe("application")')
)
RAW = """
def make_app(catalog=("Film",)):
    def app(environ, start_response):
        body = ",".join(catalog).encode()
        start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
        return [body]
    return app
def match(path): return True
application = make_app()
"""
PORT = """
from flask import Flask
def create_app(config=None):
    app = Flask(__name__)
    app.config.update({"CATALOG": ["Film"], **(config or {})})
    @app.get("/")
    def films():
        return ",".join(app.config["CATALOG"])
    return app
application = create_app()
"""
FILES = {
    "exercises/r1_raw/exercise.toml": RAW_MANIFEST,
    "exercises/r1_raw/README.md": STATEMENT.format(anchor="films", sentence="The page lists the films."),
    "exercises/r1_raw/README.zh-CN.md": STATEMENT.format(anchor="films", sentence="页面列出电影。"),
    "exercises/r1_raw/messages.zh-CN.po": 'msgid "the films are listed"\nmsgstr "列出电影"\n',
    "exercises/r1_raw/app.py": "",
    "exercises/r1_raw/test_raw.py": RAW_PUBLIC,
    "tests/hidden/r1_raw/test_raw.py": RAW_HIDDEN,
    "tests/hidden/r1_raw/messages.zh-CN.po": 'msgid "two apps do not share their films"\nmsgstr "两个应用不共享电影"\n',
    "solutions/r1_raw/app.py": RAW,
    "exercises/f1_port/exercise.toml": PORT_MANIFEST,
    "exercises/f1_port/README.md": STATEMENT.format(anchor="port", sentence="create_app makes the app."),
    "exercises/f1_port/README.zh-CN.md": STATEMENT.format(anchor="port", sentence="create_app 创建应用。"),
    "exercises/f1_port/port.py": "",
    "exercises/f1_port/test_port.py": PORT_PUBLIC,
    "tests/hidden/f1_port/test_port.py": PORT_HIDDEN,
    "solutions/f1_port/port.py": PORT,
}
SCHEMA = jsonschema.Draft202012Validator(
    json.loads(Path(documents.__file__).with_name("attempts.schema.json").read_text(encoding="utf-8"))
)
OWN = {"test_port": 3, "test_films": 3}
PUBLIC = {"r1.test_films": 2, "r1.test_no_films": 3}
HIDDEN = {"r1.test_other_films": 4, "r1.test_two_apps": 3, "r1.test_bytes": 3}


def write_course(folder: Path) -> Path:
    """Write a course with a raw app and its port."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def films(tmp_path: Path) -> Path:
    return write_course(tmp_path)


@pytest.fixture(scope="module")
def grader(tmp_path_factory: pytest.TempPathFactory, walled: None) -> Iterator[Grader]:
    course = write_course(tmp_path_factory.mktemp("films"))
    made = Grader(load_course(course), course, Isolation.CONFINED, seed=3)
    yield made
    made.close()


def grade(grader: Grader, source: str) -> Attempt:
    attempt = grader.grade(Submission("f1_port", "ada", "", {"port.py": source.encode()}))
    assert attempt.outcome is Outcome.GRADED, dict(attempt.detail)
    return attempt


def verdicts(attempt: Attempt) -> dict[str, str]:
    return {result.info.id: str(result.verdict) for result in attempt.results}


# -- the rubric and the grading


def test_ported_tests_share_the_parity_points_and_keep_their_visibility(grader: Grader) -> None:
    attempt = grade(grader, PORT)
    points = {result.info.id: result.info.points for result in attempt.results}
    assert points == OWN | PUBLIC | HIDDEN
    hidden = {result.info.id for result in attempt.results if result.info.visibility is Visibility.HIDDEN}
    assert hidden == {"test_films", *HIDDEN}
    assert set(verdicts(attempt).values()) == {"passed"}
    assert attempt.score
    assert (attempt.score.earned, attempt.score.possible) == (21, 21)


def test_the_raw_exercise_itself_is_as_it_was(grader: Grader) -> None:
    attempt = grader.grade(Submission("r1_raw", None, "", {"app.py": RAW.encode()}))
    points = {result.info.id: result.info.points for result in attempt.results}
    assert points == {
        "test_films": 10, "test_no_films": 20, "test_match": 10, "test_other_films": 7, "test_two_apps": 5, "test_bytes": 5,
    }  # fmt: skip
    assert set(verdicts(attempt).values()) == {"passed"}


def test_titles_and_sentences_are_those_of_the_origin_in_both_languages(grader: Grader) -> None:
    found = {
        result.info.id: result for result in grade(grader, PORT.replace('app.config["CATALOG"])', '"no")')).results
    }
    assert dict(found["r1.test_films"].info.title) == {"en": "the films are listed", "zh-CN": "列出电影"}
    assert found["r1.test_two_apps"].info.title["zh-CN"] == "两个应用不共享电影"
    feedback = found["r1.test_films"].feedback
    assert feedback
    assert "The page lists the films." in feedback.why["en"]
    assert "页面列出电影。" in feedback.why["zh-CN"]
    assert feedback.look_at["en"] == "the films that make_app was given"
    hidden = found["r1.test_other_films"].feedback
    assert hidden
    assert hidden.happened["en"] == "the other film was not shown but …"


def test_a_prerequisite_is_the_ported_one_and_not_the_one_of_the_same_name(grader: Grader) -> None:
    only_own = "application = 1\ndef create_app(config=None):\n    return lambda environ, start_response: 1 / 0\n"
    found = verdicts(grade(grader, only_own))
    assert found["test_films"] == "passed"
    assert (found["r1.test_films"], found["r1.test_no_films"]) == ("student_exception", "skipped")
    assert (found["r1.test_other_films"], found["r1.test_two_apps"]) == ("student_exception", "skipped")


def test_every_test_of_a_fresh_exercise_has_a_process_of_its_own(grader: Grader) -> None:
    counting = PORT.replace("    app = Flask", "    made.append(1)\n    app = Flask") + "\n"
    source = f"made = []\n{counting}".replace('return ",".join', 'return "" if len(made) > 3 else ",".join')
    assert set(verdicts(grade(grader, source)).values()) == {"passed"}


def test_hidden_tests_alone_may_have_processes_of_their_own(films: Path, grader: Grader) -> None:
    path = films / "exercises" / "f1_port" / "exercise.toml"
    path.write_text(PORT_MANIFEST.replace("fresh = true", 'fresh = "hidden"'), encoding="utf-8")
    own = Grader(load_course(films), films, Isolation.CONFINED, seed=3)
    asked = "        return"
    telling = "import os\n" + PORT.replace(asked, f"        print(os.getpid())\n{asked}")
    try:
        some, every = (len(set(grade(one, telling).output.splitlines())) for one in (own, grader))
    finally:
        own.close()
    assert every - some == 1, "two public tests ask the app for a page, and share a process now"


def test_a_hostile_port_learns_and_gains_nothing_from_ported_tests(grader: Grader) -> None:
    attempt = grade(
        grader,
        "import os, sys\n"
        "def create_app(config=None):\n"
        "    if config['CATALOG'] != ['Léon']: raise ValueError(f'seen {config}')\n"
        "    print('r1.test_films passed', file=sys.stderr); os._exit(0)\n"
        "application = len\n",
    )
    earned = {result.info.id for result in attempt.results if result.earned}
    assert earned == {"test_port", "test_films"}
    assert verdicts(attempt)["r1.test_films"] == "exited"
    for language in ("en", "zh-CN"):
        said = document(attempt, language)
        assert not list(SCHEMA.iter_errors([said]))
        assert not [secret for secret in ("31337", "leak-marker") if secret in str(said)]


def test_ids_of_other_forms_are_refused_by_the_schema(grader: Grader) -> None:
    said = document(grade(grader, PORT), "en")
    for wrong in ("r1.", "test_Films", "raw.test_films", "r1.test_films.again"):
        said["tests"][0]["id"] = wrong
        with pytest.raises(jsonschema.ValidationError):
            SCHEMA.validate([said])


def test_of_an_exercise_named_by_some_of_its_tests_a_port_has_only_those(films: Path, walled: None) -> None:
    path = films / "exercises" / "f1_port" / "exercise.toml"
    path.write_text(PORT_MANIFEST.replace('["r1"]', '["r1.test_no_films", "r1.test_bytes"]'), encoding="utf-8")
    grader = Grader(load_course(films), films, Isolation.CONFINED, seed=3)
    try:
        attempt = grade(grader, PORT)
        raw = grader.grade(Submission("r1_raw", "ada", "", {"app.py": RAW.encode()}))
    finally:
        grader.close()
    points = {result.info.id: result.info.points for result in attempt.results}
    assert points == OWN | {"r1.test_no_films": 5, "r1.test_bytes": 10}
    assert set(verdicts(attempt).values()) == {"passed"}, "a test that it builds on is not missed"
    assert len(raw.results) == 6, "the exercise itself keeps all of its tests"


def test_hashes_follow_the_tests_of_the_origin(films: Path) -> None:
    submission = Submission("f1_port", None, "", {"port.py": b""})
    before = hashes(submission, load_course(films).find("f1"))
    other = films / "again"
    shutil.copytree(films / "exercises", other / "exercises")
    shutil.copytree(films / "tests", other / "tests")
    changed = other / "tests" / "hidden" / "r1_raw" / "test_raw.py"
    changed.write_text(RAW_HIDDEN + "# changed\n", encoding="utf-8")
    assert hashes(submission, load_course(other).find("f1")).tests != before.tests


def test_a_list_of_hidden_tests_in_the_manifest_may_name_them(films: Path, walled: None) -> None:
    manifest = films / "exercises" / "f1_port" / "exercise.toml"
    rows = "".join(
        f'[[hidden]]\nid = "{name}"\ncategory = "design"\npoints = {points}\ntitle = {{en = "t", zh-CN = "t"}}\n'
        for name, points in {"test_films": 3, **HIDDEN}.items()
    )
    manifest.write_text(PORT_MANIFEST + rows, encoding="utf-8")
    exercise = load_course(films).find("f1")
    worker = Worker(exercise, films)
    worker.stop()
    hidden = [row for row in worker.ready.rows if row.visibility is Visibility.HIDDEN]
    assert [(row.id, row.points) for row in hidden] == [(row.id, row.points) for row in exercise.hidden]


# -- a student's own run


def test_a_plain_run_has_the_public_ones_and_needs_no_private_half(films: Path) -> None:
    shutil.copy(films / "solutions" / "f1_port" / "port.py", films / "exercises" / "f1_port" / "port.py")
    for name in ("tests", "solutions"):
        shutil.rmtree(films / name)
    done = run_pytest("exercises/f1_port", "-v", cwd=films)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
    assert "f1: public 8/8 points" in done.stdout
    assert "test_match" not in done.stdout


def test_a_plain_run_of_everything_runs_each_test_once_per_exercise(films: Path) -> None:
    for name, file in (("r1_raw", "app.py"), ("f1_port", "port.py")):
        shutil.copy(films / "solutions" / name / file, films / "exercises" / name / file)
    done = run_pytest("exercises", "-v", cwd=films)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout
    assert "f1: public 8/8 points" in done.stdout
    assert "r1: public 40/40 points" in done.stdout
    assert done.stdout.count("::test_films ") == 2


def test_a_plain_run_skips_after_the_ported_prerequisite_of_the_same_exercise_only(films: Path) -> None:
    shutil.copy(films / "solutions" / "r1_raw" / "app.py", films / "exercises" / "r1_raw" / "app.py")
    broken = PORT.replace('app.config["CATALOG"])', '"no")')
    (films / "exercises" / "f1_port" / "port.py").write_text(broken, encoding="utf-8")
    done = run_pytest("exercises", cwd=films)
    assert "1 failed, 4 passed, 1 skipped" in done.stdout, done.stdout
    assert "WHY   The page lists the films." in done.stdout


def test_one_module_of_a_port_can_be_run_alone(films: Path) -> None:
    shutil.copy(films / "solutions" / "f1_port" / "port.py", films / "exercises" / "f1_port" / "port.py")
    done = run_pytest("exercises/f1_port/test_port.py", cwd=films)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert "f1: public 3/3 points" in done.stdout


# -- mistakes of the author


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('["r1"]', '["r2"]', "same_tests_as: no exercise is called 'r2'; did you mean 'r1'?"),
        ('["r1"]', "[1]", "same_tests_as: no exercise is called 1"),
        ('["r1"]', '["r1", "r1_raw"]', "same_tests_as: 'r1_raw' is named twice"),
        (
            '["r1"]',
            '["r1.test_films", "r1.test_bytes", "r1.test_films"]',
            "same_tests_as: 'r1.test_films' is named twice",
        ),
        ('["r1"]', '["r1.test_films", "r1"]', "same_tests_as: 'r1' is named twice"),
        ('["r1"]', '["r1", "r1.test_films"]', "same_tests_as: 'r1.test_films' is named twice"),
        ('["r1"]', '["r1.films"]', "same_tests_as: no exercise is called 'r1.films'"),
        ('["r1"]', '["r2.test_films"]', "same_tests_as: no exercise is called 'r2.test_films'"),
        ('["r1"]', '["f1"]', "same_tests_as: 'f1' leads back to where it began: f1_port -> f1_port"),
        ('["r1"]', '"r1"', "'same_tests_as' must be a list"),
        ("parity_points = {public = 5, hidden = 10}", "", "the key 'parity_points' is missing"),
        ('same_tests_as = ["r1"]', "", "the key 'same_tests_as' is missing"),
        ("{public = 5, hidden = 10}", "0", "parity_points must be a positive whole number"),
        ("{public = 5, hidden = 10}", "true", "parity_points must be a positive whole number"),
        ("{public = 5, hidden = 10}", "{public = -5, hidden = 10}", "parity_points must be a positive whole number"),
        ("hidden = 10", "hiden = 10", "parity_points: unknown key 'hiden'; did you mean 'hidden'?"),
        ("fresh = true", "fresh = 1", "fresh = 1 must be true, false or"),
        ("fresh = true", 'fresh = "public"', "fresh = 'public' must be true, false or"),
    ],
)
def test_a_mistake_in_the_manifest_names_file_and_key(films: Path, old: str, new: str, said: str) -> None:
    path = films / "exercises" / "f1_port" / "exercise.toml"
    assert old in PORT_MANIFEST
    path.write_text(PORT_MANIFEST.replace(old, new), encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        load_course(films)
    assert said in str(raised.value)
    assert "f1_port" in str(raised.value)
    assert "exercise.toml" in str(raised.value)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("films", 1)], "id = 'films' is not of the form test_name"),
        ([("r1.test_a", 1), ("r1.test_a", 1)], "id = 'r1.test_a' stands 2 times"),
    ],
)
def test_a_row_of_hidden_tests_has_an_id_of_its_own(films: Path, rows: list[tuple[str, int]], said: str) -> None:
    path = films / "exercises" / "f1_port" / "exercise.toml"
    text = '[[hidden]]\nid = "{}"\ncategory = "design"\npoints = {}\ntitle = {{en = "t", zh-CN = "t"}}\n'
    path.write_text(PORT_MANIFEST + "".join(text.format(*row) for row in rows), encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        load_course(films)
    assert said in str(raised.value)


def test_a_circle_of_two_is_named(films: Path) -> None:
    raw = films / "exercises" / "r1_raw" / "exercise.toml"
    raw.write_text('same_tests_as = ["f1"]\nparity_points = 1\n' + RAW_MANIFEST, encoding="utf-8")
    with pytest.raises(UsageError, match="f1_port -> r1_raw -> f1_port"):
        load_course(films)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("exercises/f1_port/exercise.toml", "", "", "no public test of r1_raw has points"),
        (
            "exercises/r1_raw/test_raw.py",
            "def test_no_films(",
            "def test_no_fílms(",
            "r1.test_no_fílms is no name for a test",
        ),
        ("exercises/r1_raw/test_raw.py", 'statement="films"', 'statement="port"', "no anchor 'r1.port'"),
        (
            "exercises/f1_port/exercise.toml",
            '["r1"]',
            '["r1.test_filmz", "r1.test_bytes"]',
            "same_tests_as: no test that a port could have again is called r1.test_filmz",
        ),
        ("exercises/f1_port/exercise.toml", '["r1"]', '["r1.test_match"]', "could have again is called r1.test_match"),
        ("exercises/r1_raw/test_raw.py", "import pytest\n", "import pytst\n", "cannot be collected"),
    ],
)
def test_a_mistake_in_the_tests_stops_the_grading_of_the_port(
    films: Path, name: str, old: str, new: str, said: str
) -> None:
    if not old:
        (films / "exercises" / "r1_raw" / "test_raw.py").unlink()
    path = films / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    grader = Grader(load_course(films), films, Isolation.NONE)
    try:
        with pytest.raises(UsageError) as raised:
            grader.grade(Submission("f1_port", None, "", {"port.py": b""}))
    finally:
        grader.close()
    assert said in str(raised.value)


def test_a_wrong_manifest_stops_a_plain_run_with_its_name(films: Path) -> None:
    path = films / "exercises" / "f1_port" / "exercise.toml"
    path.write_text(PORT_MANIFEST.replace('["r1"]', '["r9"]'), encoding="utf-8")
    done = run_pytest("exercises/f1_port", cwd=films)
    assert done.returncode != 0
    assert "exercise.toml: same_tests_as: no exercise is called 'r9'" in done.stdout + done.stderr


def test_points_for_hidden_tests_alone_are_a_number(films: Path) -> None:
    path = films / "exercises" / "f1_port" / "exercise.toml"
    path.write_text(PORT_MANIFEST.replace("{public = 5, hidden = 10}", "36"), encoding="utf-8")
    parity = load_course(films).find("f1").parity
    assert (parity.public, parity.hidden) == (0, 36)
    assert tomllib.loads(path.read_text(encoding="utf-8"))["parity_points"] == 36


# -- the shares


def test_shares_are_whole_and_in_proportion() -> None:
    assert apportion([8, 8, 6, 6], 14) == [4, 4, 3, 3]
    assert apportion([1, 1, 1], 10) == [4, 3, 3]
    assert apportion([7, 5, 5], 10) == [4, 3, 3]
    assert apportion([0, 3], 2) == [0, 2]
    assert apportion([], 0) == []
    with pytest.raises(ValueError, match="nothing to share"):
        apportion([0, 0], 3)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60).filter(any), st.integers(0, 100))
def test_shares_sum_exactly_and_none_is_a_whole_point_off(weights: list[int], total: int) -> None:
    shares = apportion(weights, total)
    assert sum(shares) == total
    assert all(abs(share - total * weight / sum(weights)) < 1 for share, weight in zip(shares, weights, strict=True))
    assert all(share == 0 for share, weight in zip(shares, weights, strict=True) if not weight)


def test_a_small_share_is_rounded_up_to_a_point_where_there_are_enough() -> None:
    assert apportion_to_all([8, 8, 6, 6], 14) == apportion([8, 8, 6, 6], 14)
    assert apportion_to_all([12, 10, 2, 1], 6) == [2, 2, 1, 1]
    assert apportion_to_all([100, 100, 1, 1], 4) == [1, 1, 1, 1]
    assert apportion_to_all([100, 100, 1, 1], 3) == apportion([100, 100, 1, 1], 3) == [2, 1, 0, 0]
    assert apportion_to_all([5, 0], 4) == [4, 0]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60).filter(any), st.integers(0, 100))
def test_nothing_that_weighs_something_is_left_without_points(weights: list[int], total: int) -> None:
    shares = apportion_to_all(weights, total)
    assert sum(shares) == total
    assert all(share == 0 for share, weight in zip(shares, weights, strict=True) if not weight)
    if total >= sum(weight > 0 for weight in weights):
        assert all(share > 0 for share, weight in zip(shares, weights, strict=True) if weight)
