"""Documents cannot go stale: what they name exists, what they show is what comes out, what they say to type works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from grader.cli import SUMMARIES, commands, main
from grader.course import load_course
from grader.grading.grade import Grader
from grader.models import Isolation, Outcome, Verdict
from grader.submissions import read_submission

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "submissions" / "a1_hello_wsgi"
GUIDES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
DOCUMENTS = [*GUIDES, *sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("exercises/**/*.md"))]
FIRST_MINUTE = ["pip install -q uv && uv run --no-dev grader demo", "pip install -q uv && uv run pytest"]
COMMANDS = commands()
EXAMPLES = ("submitted/", "course.toml", ".grader/grades.db")
"""Paths that a document makes up."""

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"[\w.-]+(/[\w.-]+)*/?")
FILE = re.compile(r"[\w.-]+\.(py|md|toml|po|json|yml)")
ON_LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="the script is for Debian and Ubuntu; run this test there"
)


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def spans(document: str) -> list[str]:
    """Return the inline code of a document."""
    return SPAN.findall(FENCE.sub("", read(document)))


def command_lines(document: str) -> Iterator[list[str]]:
    """Yield the words of every command in a document, what it is piped to or followed by apart, without ``uv run``."""
    shown = [line for kind, block in FENCE.findall(read(document)) if kind != "python" for line in block.splitlines()]
    for line in [*shown, *spans(document)]:
        for command in re.split(r"&&|[>|;]", line):
            words = command.split()
            if words[:2] == ["uv", "run"]:
                words = words[3 if words[2:3] == ["--no-dev"] else 2 :]
            if words:
                yield words


def options_of(command: click.Command) -> set[str]:
    """Return every spelling of every option of a command, and of those that a group of commands has."""
    inner = command.commands.values() if isinstance(command, click.Group) and command is not main else ()
    own = {name for parameter in command.params for name in parameter.opts} | {"--help", "-h"}
    return own.union(*map(options_of, inner))


def known_to_pytest(option: str, config: pytest.Config) -> bool:
    try:
        config.getoption(option)
    except ValueError:
        return False
    return True


def complaints(document: str, config: pytest.Config) -> list[str]:
    """Return what a document tells the reader to type and nobody understands."""
    everywhere = set().union(options_of(main), *(options_of(command) for command in COMMANDS.values()))
    found = []
    for words in command_lines(document):
        options = [word.partition("=")[0] for word in words if word.startswith("--")]
        if words[0] == "grader" and len(words) > 1:
            command = main if words[1].startswith("-") else COMMANDS.get(words[1])
            found += [f"grader has no command {words[1]}"] if command is None else []
            found += [
                f"{words[:2]} has no {option}" for option in options if command and option not in options_of(command)
            ]
        elif words[0] == "pytest":
            found += [f"pytest has no {option}" for option in options if not known_to_pytest(option, config)]
        elif words[0].startswith("--"):
            found += [f"nobody has {o}" for o in options if o not in everywhere and not known_to_pytest(o, config)]
    return found


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_and_options_in_documents_exist(document: str, pytestconfig: pytest.Config) -> None:
    assert complaints(document, pytestconfig) == []


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("`uv run grader polish`", "grader has no command polish"),
        (
            "```console\nuv run --no-dev grader grade x --fail-over 60 > y\n```\n",
            "['grader', 'grade'] has no --fail-over",
        ),
        ("`uv run pytest exercises --language=en`", "pytest has no --language"),
        ("`--colour`", "nobody has --colour"),
    ],
)
def test_a_made_up_command_or_option_is_found(
    said: str, complaint: str, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    document = tmp_path / "README.md"
    document.write_text(said, encoding="utf-8")
    assert complaints(str(document), pytestconfig) == [complaint]


def test_every_command_has_help() -> None:
    assert main.help
    assert [name for name, command in COMMANDS.items() if not command.help] == []


def test_the_list_of_commands_says_what_each_says_of_itself_first() -> None:
    said = {name: (command.help or "").partition("\n")[0] for name, command in COMMANDS.items()}
    assert said == SUMMARIES
    assert {name: command.name for name, command in COMMANDS.items()} == {name: name for name in SUMMARIES}


def test_the_list_of_commands_needs_none_of_what_commands_need() -> None:
    source = (
        "import sys\nfrom grader.cli import main\nmain(['--help'], standalone_mode=False)\n"
        "assert not {'rich', 'pytest', 'werkzeug', 'requests'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "grade " in done.stdout


def test_every_command_is_in_the_readme() -> None:
    named = {words[1] for words in command_lines("README.md") if words[0] == "grader" and len(words) > 1}
    assert named == set(COMMANDS)


def test_readme_has_exactly_the_two_lines_of_the_first_minute() -> None:
    assert re.findall(r"pip install -q uv && uv run [^`\n]+", read("README.md")) == FIRST_MINUTE
    shown = [block.strip() for _, block in FENCE.findall(read("README.md"))]
    assert [block for block in shown if block in FIRST_MINUTE] == FIRST_MINUTE


def test_readme_explains_every_verdict_and_level() -> None:
    said = set(spans("README.md"))
    assert {str(word) for word in (*Outcome, *Verdict, *Isolation)} <= said


def anchors(document: Path) -> set[str]:
    """Return what can be linked to in a document: headings, as GitHub spells them, and anchors."""
    text = document.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_into_the_repository_resolve(document: str) -> None:
    for link in LINK.findall(FENCE.sub("", read(document))):
        if not re.match(r"https?://", link):
            name, _, anchor = link.partition("#")
            target = (ROOT / document).parent / name if name else ROOT / document
            assert target.exists(), f"{document} links to {link}"
            assert not anchor or anchor in anchors(target), f"{document} links to {link}"


def places(document: str) -> list[str]:
    """Return the code in a document that reads like a path into this repository, or like the name of a file in it."""
    homes = {path.name for folder in (ROOT, ROOT / "grader") for path in folder.iterdir() if path.is_dir()}
    found = [span for span in spans(document) if PATH.fullmatch(span) and span not in EXAMPLES]
    return [span for span in found if FILE.fullmatch(span) or ("/" in span and span.split("/")[0] in homes)]


def is_there(place: str) -> bool:
    """Tell whether the repository has a file, wherever it is, or a folder that is not empty."""
    if "/" not in place:
        return any(place in names for names in file_names())
    return any(
        path.is_file() or (path.is_dir() and any(path.iterdir())) for path in (ROOT / place, ROOT / "grader" / place)
    )


def file_names() -> Iterator[list[str]]:
    """Yield the names of the files in each folder of the repository, what tools left there excluded."""
    for _, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name[0] != "." and name != "__pycache__"]
        yield files


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_only_what_is_there(document: str) -> None:
    assert [place for place in places(document) if not is_there(place)] == []


def test_a_path_that_is_not_there_is_found(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text(
        "`grader/nowhere.py`, `tests/bench/`, `sandbox/inside/`, `README.md`, `REAMDE.md`", encoding="utf-8"
    )
    assert [place for place in places(str(document)) if not is_there(place)] == ["grader/nowhere.py", "REAMDE.md"]


def test_the_feedback_in_the_readme_is_what_the_grader_says() -> None:
    shown = re.search(r"<!-- feedback: (\w+) (\w+) -->\n```text\n(.*?)```", read("README.md"), re.DOTALL)
    assert shown
    sample, test, block = shown.groups()
    words = ["grade", str(SAMPLES / sample), "--lang", "en", "--min-isolation", "none"]
    said = CliRunner().invoke(main, words).output
    assert test in block
    assert " ".join(block.split()) in " ".join(said.split()), (
        f"README.md shows an old feedback; this is the new one:\n{said}"
    )


FILE_BLOCK = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)
EXAMPLE = re.compile(r"<!-- tested: fails for (\w+) -->\n```python\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize(("sample", "code"), EXAMPLE.findall(read("CONTRIBUTING.md")))
def test_the_examples_for_authors_judge_right_and_wrong(sample: str, code: str, a_copy: Path) -> None:
    (a_copy / "tests" / "hidden" / "a1_hello_wsgi" / "test_example.py").write_text(code, encoding="utf-8")
    course = load_course(a_copy)
    exercise = course.find("a1")
    grader = Grader(course, a_copy, Isolation.NONE)
    (name,) = re.findall(r"def (test_\w+)", code)
    try:
        right = grader.grade(read_submission(ROOT / "solutions" / exercise.name, exercise))
        wrong = grader.grade(read_submission(SAMPLES / sample, exercise))
    finally:
        grader.close()
    verdicts = [next(r.verdict for r in attempt.results if r.info.id == name) for attempt in (right, wrong)]
    assert verdicts == [Verdict.PASSED, Verdict.WRONG]


def test_every_python_example_for_authors_is_tested() -> None:
    blocks = [block for kind, block in FENCE.findall(read("CONTRIBUTING.md")) if kind == "python"]
    examples = [code for _, code in EXAMPLE.findall(read("CONTRIBUTING.md"))]
    files = [code for name, code in FILE_BLOCK.findall(read("CONTRIBUTING.md")) if name.endswith(".py")]
    assert sorted(blocks) == sorted(examples + files)
    assert (len(examples), len(files)) == (2, 9)


@ON_LINUX
def test_ci_runs_both_lines_of_the_readme() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    plan = subprocess.run([ROOT / ".ci" / "run", "--plan"], check=True, capture_output=True, text=True).stdout
    assert [line for line in plan.splitlines() if line in FIRST_MINUTE] == FIRST_MINUTE
    assert {"uv sync", "uv run ruff check .", "uv run mypy"} <= set(plan.splitlines())


@ON_LINUX
def test_ci_refuses_a_readme_without_its_two_lines(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / "README.md").write_text(f"`{FIRST_MINUTE[0]}`", encoding="utf-8")
    done = subprocess.run([tmp_path / ".ci" / "run", "--plan"], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "exactly two lines" in done.stderr


def test_the_hosted_checks_call_the_same_script_for_every_python() -> None:
    workflow = read(".github/workflows/ci.yml")
    assert "- run: .ci/run\n" in workflow
    classifiers = tomllib.loads(read("pyproject.toml"))["project"]["classifiers"]
    versions = [name.rsplit(" ", 1)[1] for name in classifiers if re.search(r":: 3\.[0-9]+$", name)]
    assert "python: [" + ", ".join(f'"{version}"' for version in versions) + "]" in workflow
