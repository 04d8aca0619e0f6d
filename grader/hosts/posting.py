"""Tells on GitHub what came of a pull request: a check on its last commit, and one comment that is kept up to date.

https://docs.github.com/rest/checks/runs, https://docs.github.com/rest/issues/comments
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.catalogues import Catalogue
from grader.errors import EngineFault
from grader.hosts.api import Api
from grader.hosts.github import rows
from grader.hosts.handing_over import Graded, Note, read_graded, read_note
from grader.hosts.pull_requests import Obstacle, PullRequest
from grader.models import LANGUAGES
from grader.printable import printable
from grader.reports.github import summary
from grader.reports.markdown import code, prose

NAME = "grader"
MARK = "<!-- grader: what came of this pull request -->"
"""How a comment of ours begins; that of a bot which begins so is brought up to date."""
ROOM = 60_000
"""Bytes of a text; GitHub takes 65535 characters."""
ANNOTATIONS = 50
"""Annotations that GitHub takes at a time."""
PAGES = 10
"""Pages of a hundred comments in which ours is looked for."""
TITLE, MESSAGE, VALUE = 200, 2000, 300
SECTION = re.compile(r"^(?=#{2,3} )", re.MULTILINE)
LEVELS = {"skipped": "warning", "not_run": "warning"}


@dataclass(frozen=True)
class Told:
    """What is told: how the check ends (GitHub's words), its title, the text, and annotations."""

    conclusion: str
    title: str
    text: str
    annotations: tuple[Mapping[str, Any], ...] = ()


def post(ask: Api, request: PullRequest, folder: Path, language: str) -> Told:
    """Post what is in a folder, or that there is nothing, and return it.

    Raises:
        EngineFault: GitHub does not take it, or the folder is not as it has to be; then that is posted.
    """
    telling = Telling(Catalogue(), language)
    trouble: Exception | None = None
    try:
        note = read_note(folder)
        told = telling.told(request, note, list(read_graded(folder, note)) if note else [])
    except Exception as error:  # noqa: BLE001 - whoever waits for the check is told, whatever it is
        told, trouble = telling.told(request, None, []), error
    send_check(ask, request, told)
    send_comment(ask, request, told)
    if trouble:
        raise trouble
    return told


def send_check(ask: Api, request: PullRequest, told: Told) -> None:
    """Create the check on the commit that was graded."""
    output = {"title": told.title, "summary": told.text, "annotations": list(told.annotations)}
    ask.send("POST", f"repos/{request.repository}/check-runs", {
        "name": NAME, "head_sha": request.head, "status": "completed", "conclusion": told.conclusion, "output": output,
    })  # fmt: skip


def send_comment(ask: Api, request: PullRequest, told: Told) -> None:
    """Write the comment, or bring ours up to date."""
    body = {"body": f"{MARK}\n{told.text}\n\n{code(request.head[:12])}\n"}
    found = own_comment(ask, request)
    where = f"repos/{request.repository}/issues"
    if found is None:
        ask.send("POST", f"{where}/{request.number}/comments", body)
    else:
        ask.send("PATCH", f"{where}/comments/{found}", body)


def own_comment(ask: Api, request: PullRequest) -> int | None:
    """Return the number of our comment, if there is one; a student's that looks like it is none."""
    path = f"repos/{request.repository}/issues/{request.number}/comments"
    for page in range(1, PAGES + 1):
        found = rows({"comments": ask.get(path, per_page=100, page=page)}, "comments", path)
        for row in found:
            match row:
                case {"id": int(number), "body": str(body), "user": {"type": "Bot"}} if body.startswith(MARK):
                    return number
        if len(found) < 100:
            return None
    return None


@dataclass(frozen=True)
class Telling:
    """Says in one language what came of a pull request."""

    catalogue: Catalogue
    language: str

    def word(self, key: str, **values: object) -> str:
        """Return a text."""
        return self.catalogue.word(key, self.language, **values)

    def told(self, request: PullRequest, note: Note | None, graded: list[Graded]) -> Told:
        """Return what is told."""
        if note is None:
            return self.alone("neutral", self.word("no score: the fault is the grader's, not the submission's"))
        if note.problems:
            lines = "".join(f"- {self.problem(one)}\n" for one in note.problems)
            title = self.word("nothing of this pull request was graded")
            return Told("failure", title, f"## {prose(title)}\n\n{lines}")
        if not graded:
            return self.alone("neutral", self.word("this pull request hands in nothing, so nothing was graded"))
        pieces = [piece for one in graded for piece in self.pieces(one)]
        return Told(
            conclusion(graded),
            printable(", ".join(map(self.score, graded)), TITLE),
            summary(pieces, self.language, ROOM),
            tuple(annotation for one in graded for annotation in lines_of(one, request))[:ANNOTATIONS],
        )

    def alone(self, conclusion: str, title: str) -> Told:
        """Return what is told in one sentence."""
        return Told(conclusion, title, prose(title))

    def problem(self, problem: Obstacle) -> str:
        """Say in Markdown why something was not graded; what a student chose stands in code.

        Raises:
            EngineFault: this is none of our texts.
        """
        if any(
            self.catalogue.lookup(problem.key, language) == problem.key for language in LANGUAGES if language != "en"
        ):
            raise EngineFault("the note of what was taken has a text that is not ours")
        values = {
            key: value if value.isdigit() else code(printable(value, VALUE)) for key, value in problem.values.items()
        }
        return self.word(problem.key, **values)

    def score(self, graded: Graded) -> str:
        """Return the score of an exercise, as in ``a1_hello_wsgi 42/100``."""
        return f"{graded.exercise} " + ("–" if graded.earned is None else f"{graded.earned}/{graded.possible}")

    def pieces(self, graded: Graded) -> Iterator[str]:
        """Yield the parts of a page, so that what is cut off is whole; without a page, that there is no score."""
        if graded.page:
            yield from (f"{part.rstrip()}\n\n" for part in SECTION.split(graded.page) if part.strip())
        else:
            said = self.word("no score: the fault is the grader's, not the submission's")
            yield f"## {code(graded.exercise)}\n\n{prose(said)}\n\n"


def conclusion(graded: Iterable[Graded]) -> str:
    """Return how the check ends: a fault of ours is neither a success nor a failure of the student's."""
    found = list(graded)
    if any(one.earned is None for one in found):
        return "neutral"
    return "success" if all(one.full for one in found) else "failure"


def lines_of(graded: Graded, request: PullRequest) -> Iterator[Mapping[str, Any]]:
    """Yield an annotation for each test that names a line of the author's own file."""
    tests = graded.document.get("tests")
    for test in tests if isinstance(tests, list) else []:
        match test:
            case {"id": str(name), "verdict": str(verdict), "title": str(title),
                  "feedback": {"happened": str(happened), "look_at": str(look), "place": {"file": str(file), "line": int(line)}},
                  } if line > 0 and ".." not in file.split("/"):  # fmt: skip
                yield {
                    "path": f"{request.folder}{graded.exercise}/{printable(file)}", "start_line": line, "end_line": line,
                    "annotation_level": LEVELS.get(verdict, "failure"), "title": printable(name, TITLE),
                    "message": "\n".join(printable(text, MESSAGE) for text in (title, happened, look)),
                }  # fmt: skip
