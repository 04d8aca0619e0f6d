"""Traces on pages of Markdown are what the engine says now: each is made again by running the program beside it.

A reading names its programs, and says above each block of text how it came to be:

    <!-- program: hello -->                 the block of Python below, whose ``application`` is called
    <!-- program: demo app -->              the same, if the callable has another name, ``app``
    <!-- trace: hello GET / -->             the trace of a request
    <!-- answer: hello GET /films?page=2 --> status line, headers and body of the answer
    <!-- environ: GET /films?page=2 KEY … --> what the driver puts into the environ under some keys
    <!-- sent: GET /films -->               what a client sends for it
    <!-- received: hello GET /films -->     what a real server, wsgiref, sends back, without its Date and its Server
    <!-- received: hello GET / waitress --> the same from another server

The blocks of a statement need no such words: its ``predictions.toml`` has the program and the questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from grader.errors import UsageError
from grader.models import Exercise
from grader.predictions.questions import Predictions, Program, Request, load_predictions
from grader.predictions.stage import Stage, trace_line
from grader.printable import printable_lines
from grader.statement import statement_file
from grader.testing.trace import Trace
from grader.testing.wsgi import make_environ

PROGRAM = re.compile(r"<!-- program: (\w+)(?: (\w+))? -->\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MADE = re.compile(
    r"(?P<head><!-- (?P<kind>trace|answer|environ|sent|received): (?P<words>[^\n]*?) -->\n```text\n)(?P<text>.*?)(?P<end>^```$)",
    re.MULTILINE | re.DOTALL,
)
FENCED = re.compile(r"(?P<head>^```(?P<kind>\w+)\n)(?P<text>.*?)(?P<end>^```$)", re.MULTILINE | re.DOTALL)
ITEM = re.compile(r"^\d+\. (.+)$", re.MULTILINE)
PROGRAMLESS = ("environ", "sent")
SERVED_BY = ("wsgiref", "waitress")
"""The servers of which a page may show answers: they are installed everywhere."""
VARYING = ("Date", "Server")
"""Headers of a server that are not the same everywhere and always."""
LONGEST = 4000
SHORT = 78
"""Columns from which on a trace in a reading goes on in a new line."""


def renewed(path: Path) -> str:
    """Return a reading with every made block as the engine makes it now.

    Raises:
        UsageError: a block names no program of the page, or its program does not run; names the page.
    """
    page = path.read_text(encoding="utf-8")
    programs = {name: Program(source, app or "application") for name, app, source in PROGRAM.findall(page)}
    if not MADE.search(page):
        return page
    with Stage(programs.values(), path) as stage:
        return MADE.sub(lambda block: block["head"] + made(block, programs, stage) + "\n" + block["end"], page)


def made(block: re.Match[str], programs: dict[str, Program], stage: Stage) -> str:
    """Return the text of one block."""
    kind, words = block["kind"], block["words"].split()
    name = words.pop(0) if kind not in PROGRAMLESS and words else ""
    if len(words) < 2 or (name and name not in programs):
        known = ", ".join(programs) or "none"
        raise UsageError(
            f"{stage.what}: {block['head'].splitlines()[0]} names no request of a program on this page (there is: {known}); "
            "write it as in <!-- trace: hello GET / -->"
        )
    path, _, query = words[1].partition("?")
    request = Request(words[0], path, query)
    if kind == "environ":
        return environ_lines(request, words[2:])
    if kind == "sent":
        return printable_lines(sent(request).decode("ascii"), LONGEST)
    if kind == "received":
        server = words[2] if len(words) > 2 else SERVED_BY[0]
        if server not in SERVED_BY:
            raise UsageError(
                f"{stage.what}: no block is received from {server!r}; the servers are {', '.join(SERVED_BY)}"
            )
        return printable_lines(without(stage.fetch(programs[name], sent(request), server), VARYING), LONGEST)
    seen = stage.perform(programs[name], request)
    return broken(trace_line(seen)) if kind == "trace" else answer_lines(seen)


def sent(request: Request) -> bytes:
    """Return a request as a client writes it on the wire."""
    path = f"{request.path}{'?' if request.query else ''}{request.query}"
    return f"{request.method} {path} HTTP/1.1\r\nHost: films.example\r\nConnection: close\r\n\r\n".encode("ascii")


def without(received: bytes, names: tuple[str, ...]) -> str:
    """Return an answer from the wire without some headers."""
    lines = received.decode("utf-8", "replace").splitlines()
    return "\n".join(line for line in lines if line.partition(":")[0] not in names)


def broken(trace: str) -> str:
    """Return a trace in lines that break between events."""
    lines = [""]
    for part in trace.split(" > "):
        event = f"> {part}" if lines != [""] else part
        if len(lines[-1]) + len(event) > SHORT:
            lines.append(event)
        else:
            lines[-1] = f"{lines[-1]} {event}".strip()
    return "\n".join(line for line in lines if line)


def answer_lines(seen: Trace) -> str:
    """Return an answer as text: status line, headers, an empty line, the body."""
    headers = [f"{name}: {value}" for name, value in seen.headers]
    return "\n".join([seen.status, *headers, "", seen.body.decode("utf-8", "replace").rstrip("\n")]).rstrip("\n")


def environ_lines(request: Request, keys: list[str]) -> str:
    """Return what the driver puts into the environ of a request, for some keys."""
    environ = make_environ(request.method, request.path, query=request.query)
    return "\n".join(f"{key} = {environ.get(key)!r}" for key in keys)


# -- statements


def renewed_statement(exercise: Exercise, language: str) -> str:
    """Return an exercise's statement with the traces of its worked example and of its predictions as they are now.

    Where no question is about a trace, the blocks of text show other things, and stay as they are.
    """
    path = statement_file(exercise.folder, language)
    page = path.read_text(encoding="utf-8")
    predictions = load_predictions(exercise)
    if not any(question.kind == "trace" for question in predictions.questions):
        return page
    example, rest = page[: end_of(page)], page[end_of(page) :]
    traces = iter(traces_of(predictions, path))

    def put(block: re.Match[str]) -> str:
        text = f"{next(traces, '')}\n" if block["kind"] == "text" else block["text"]
        return block["head"] + text + block["end"]

    return FENCED.sub(put, example) + rest


def traces_of(predictions: Predictions, what: Path) -> Iterator[str]:
    """Yield the traces that a statement shows: that of the example, and those of the questions about traces."""
    asked = [question for question in predictions.questions if question.kind == "trace"]
    with Stage([predictions.program, *(question.program for question in asked)], what) as stage:
        yield trace_line(stage.perform(predictions.program, predictions.request))
        for question in asked:
            yield stage.answer(question)


def differences(exercise: Exercise, language: str) -> Iterator[str]:
    """Yield in what a statement and the exercise's predictions differ: the program, the questions, what is said of answers.

    A statement may ask more, of which no program gives the answer.
    """
    path = statement_file(exercise.folder, language)
    page = path.read_text(encoding="utf-8")
    predictions = load_predictions(exercise)
    example = page[: end_of(page)]
    program = next((block["text"] for block in FENCED.finditer(example) if block["kind"] == "python"), "")
    if program.strip() != predictions.program.source.strip():
        yield f"{path}: its first program is not the one of {predictions.path.name}"
    asked, _, told = example.rpartition("<details>")
    if not asked:
        yield f"{path}: has no answers to the predictions; write them into <details>, after the numbered questions"
        return
    titles = [item.strip() for item in ITEM.findall(asked[asked.rindex("\n#") :])]
    wanted = [question.title[language] for question in predictions.questions]
    if [title for title in titles if title in wanted] != wanted:
        yield f"{path}: asks {titles}, and {predictions.path.name} asks {wanted}"
        return
    answers = ITEM.findall(told)
    with Stage([question.program for question in predictions.questions], path) as stage:
        for question in predictions.questions:
            number = titles.index(question.title[language])
            said = answers[number] if number < len(answers) else ""
            if question.kind == "answer" and not agrees(stage.answer(question), said):
                yield f"{path}: answer {number + 1} does not say {stage.answer(question)!r}: {said!r}"


def agrees(answer: str, said: str) -> bool:
    """Tell whether a sentence says what an answer begins with, or quotes a part of the answer as code.

    Upper and lower case make no difference: Werkzeug writes ``404 NOT FOUND``, and to a client it is all the same.
    """
    answer, said = answer.casefold(), said.casefold()
    quoted = [code for code in said.split("`")[1::2] if code.strip()]
    return answer.split(" · ")[0] in said.replace("`", "") or any(code in answer for code in quoted)


def end_of(page: str) -> int:
    """Return where the answers to the predictions end: nothing after it is about the example."""
    return page.find("</details>") + 1
