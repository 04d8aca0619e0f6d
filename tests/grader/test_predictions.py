"""``grader predict``: the right choice is what the program does, whatever is wrong is said by name."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from grader.cli import main
from grader.course import PREDICTIONS, load_course
from grader.errors import UsageError
from grader.models import LANGUAGES, Exercise, Limits
from grader.predictions.asking import choices
from grader.predictions.prose import CLOSING, OPENING, breaks
from grader.predictions.questions import Program, Request, load_predictions
from grader.predictions.stage import Stage, answer_line, trace_line
from tests.grader.conftest import ROOT
from tests.grader.traces import PREDICTED

A1 = load_course(ROOT).find("a1")


def predict(*words: object, typed: str | bytes | None = None) -> Result:
    """Run the command."""
    arguments = ["predict", *map(str, words), "--course", str(ROOT)]
    return CliRunner().invoke(main, arguments, input=typed, env={"COLUMNS": "100", "GRADER_LANG": "en"})


def letters(exercise: Exercise) -> str:
    """Return the right answers, found by running the programs."""
    asked = load_predictions(exercise).questions
    with Stage([question.program for question in asked], exercise.name, exercise.limits) as stage:
        right = [stage.answer(question) for question in asked]
    offered = [choices(question, text, "here") for question, text in zip(asked, right, strict=True)]
    return "".join(next(choice.letter for choice in those if choice.why is None) for those in offered)


# -- the course's own questions


@pytest.mark.parametrize("exercise", PREDICTED, ids=lambda exercise: exercise.name)
def test_every_question_has_wrong_choices_and_one_that_comes_true(exercise: Exercise) -> None:
    count = len(load_predictions(exercise).questions)
    assert count >= 3
    assert all(len(question.wrong) >= 2 for question in load_predictions(exercise).questions)
    right = letters(exercise)
    for language in LANGUAGES:
        result = predict(exercise.short, "--answers", right, "--lang", language)
        assert result.exit_code == 0, result.output
        assert result.output.count("✓") == count
        assert "✗" not in result.output


def test_the_right_answers_of_an_exercise_are_not_always_the_same_letter() -> None:
    assert all(len(set(letters(exercise))) > 1 for exercise in PREDICTED if exercise.short in ("a1", "b1"))


# -- a session


def test_a_session_asks_until_it_gets_a_letter_and_answers_at_once() -> None:
    right = letters(A1)
    wrong = "a" if right[0] != "a" else "b"
    result = predict("a1", typed=f"x\n\n {wrong.upper()} \n{right[1]}\n{chr(ord(right[2]) + 0xFEE0)}\n")
    assert result.exit_code == 0, result.output
    assert result.output.count("Your prediction (a, b, c, d): ") == 5
    assert "2 of 3 predictions came true." in result.output
    first, _, rest = result.output.partition("Question 2 of 3")
    why = [choice.why for choice in load_predictions(A1).questions[0].wrong]
    assert any(why["en"][:40] in " ".join(first.split()) for why in why)
    assert "called > returned generator > start_response('200 OK', 2 headers) > yield bytes[13] > close" in first
    assert rest.count("✓") == 2


def test_a_session_in_chinese() -> None:
    result = predict("b1", "--answers", letters(load_course(ROOT).find("b1")), "--lang", "zh-CN")
    assert "猜对 3 题，共 3 题。" in result.output
    assert "README.zh-CN.md" in result.output


def test_the_questions_alone_tell_no_answer() -> None:
    result = predict("a1", "--questions")
    assert result.exit_code == 0
    assert result.output.count("Question") == 3
    assert "What really happens" not in result.output


@pytest.mark.parametrize(
    ("words", "typed", "said"),
    [
        (("a1", "--answers", "ab"), None, "there are 3 questions, so give 3 letters"),
        (("a1", "--answers", "a,b,z"), None, "'z' is no choice; the choices are a, b, c, d"),
        (("a1",), "a\n", "no answer to question 2; answer on the terminal, or give all answers at once with --answers"),
        (("a1",), b"\xff\n", "no answer to question 1"),
        (("p0",), None, "predictions.toml: there is no such file, so p0 has nothing to predict"),
        (("z9",), None, "there is no exercise 'z9'"),
    ],
)
def test_wrong_usage_says_what_to_do(words: tuple[str, ...], typed: str | bytes | None, said: str) -> None:
    result = predict(*words, typed=typed)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_students_can_predict_without_the_private_half(tmp_path: Path) -> None:
    shutil.copytree(A1.folder, tmp_path / "exercises" / A1.name, ignore=shutil.ignore_patterns("__pycache__"))
    result = CliRunner().invoke(main, ["predict", "a1", "--answers", "aaa", "--course", str(tmp_path)])
    assert result.exit_code == 0, result.output


def test_who_presses_ctrl_c_reads_nothing_of_grading() -> None:
    words = [sys.executable, "-u", "-m", "grader", "predict", "a1", "--lang", "en", "--course", str(ROOT)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as session:
        assert session.stdout
        shown = ""
        while not shown.endswith("Your prediction (a, b, c, d): "):
            one = session.stdout.read(1)
            assert one, shown
            shown += one
        session.send_signal(signal.SIGINT)
        rest, said = session.communicate(timeout=60)
    assert session.returncode == 130
    assert rest == "\n"
    assert said == "Error: stopped; nothing is lost, begin again whenever you like\n"


@pytest.mark.parametrize("exercise", PREDICTED, ids=lambda exercise: exercise.name)
@pytest.mark.parametrize("width", [40, 80])
def test_lines_of_sentences_break_where_they_may(exercise: Exercise, width: int) -> None:
    asked = load_predictions(exercise).questions
    texts = [text for one in asked for part in (one.explanation, *(w.why for w in one.wrong)) for text in part.values()]
    for text in texts:
        places = [0, *breaks(text, width), len(text)]
        lines = [text[begin:end] for begin, end in pairwise(places)]
        assert all(lines)
        assert all(cell_len(line.rstrip()) <= width for line in lines)
        assert not any(line[0] in CLOSING + " " or line.rstrip()[-1] in OPENING for line in lines)
        assert not any(re.search(r"\w$", a) and re.match(r"\w", b) for a, b in pairwise(lines) if (a + b).isascii())
        assert all(cell_len(a.rstrip()) > width - 24 for a in lines[:-1]), lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("一二三 [四五]", ["一二三", "[四五]"]), ("一二三四五]六", ["一二三", "四五]六"]), ("有三 '影单'", ["有三", "'影单'"]),
        ("一二三四: 五", ["一二三", "四: 五"]), ("f(x) 一二三", ["f(x) 一", "二三"]),
    ],
)  # fmt: skip
def test_brackets_and_quotes_stay_with_what_they_are_about(text: str, lines: list[str]) -> None:
    places = [0, *breaks(text, 7), len(text)]
    assert [text[begin:end].strip() for begin, end in pairwise(places)] == lines


# -- programs

APP = """
def application(environ, start_response):
    start_response("201 Created", [("X-Film", "1"), ("x-film", "2")])
    {}
"""


@pytest.mark.parametrize(
    ("last", "request_", "trace", "answer"),
    [
        ("return [b'<p>a &amp; b']", Request(), "returned list > yield bytes[12]", "201 Created · a & b · no Allow"),
        ("return [b'a', b'a']", Request(), "returned list > yield bytes[1] > yield bytes[1]", "201 Created · aa · no Allow"),
        ("raise ValueError", Request(), "raised ValueError", "raised ValueError"),
        ("return [environ['wsgi.input'].read()]", Request(), "raised OSError", None),
        ("return (c for c in [b'a', b'b'])", Request(stop_after=1), "returned generator > yield bytes[1] > close", None),
        ("yield environ['wsgi.input'].read(2)", Request("POST", body="abc"), "> yield bytes[2] > close", None),
        ("return [environ['HTTP_X_A'].encode()]", Request(headers={"X-A": "z"}), "yield bytes[1]", "201 Created · z · no Allow"),
    ],
)  # fmt: skip
def test_a_program_is_driven_as_submissions_are(last: str, request_: Request, trace: str, answer: str | None) -> None:
    program = Program(APP.format(last))
    with Stage([program], "here") as stage:
        seen = stage.perform(program, request_)
    assert trace_line(seen).startswith("called > ")
    assert trace_line(seen).endswith(trace)
    if answer:
        assert answer_line(seen, ("status", "page", "header Allow")) == answer
        assert answer_line(seen, ("links", "reads")) in ("no link · nothing read", "raised ValueError · nothing read")
        assert answer_line(seen, ("header X-Film",)) in ("X-Film: 1; X-Film: 2", "raised ValueError")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import nothing_of_this_name", "the program cannot be loaded: ModuleNotFoundError"),
        ("1/0", "ZeroDivisionError: division by zero (its line 1)"),
        ("while True: pass", "did not come to an end: timeout"),
        ("import os; os._exit(3)", "did not come to an end: exited"),
        ("app = 1", "your module defines no application"),
    ],
)
def test_a_program_that_cannot_be_run_is_a_complaint_about_its_place(source: str, said: str) -> None:
    program = Program(source)
    limits = Limits(load=1.5 if "while" in source else 10.0)
    with pytest.raises(UsageError) as caught, Stage([program], "questions.toml", limits) as stage:
        stage.perform(program, Request())
    assert said in str(caught.value)
    assert str(caught.value).startswith("questions.toml: ")


def test_what_cannot_be_iterated_over_is_closed_all_the_same() -> None:
    program = Program(APP.format("with open(__file__) as lines: return lines"))
    with Stage([program], "here") as stage:
        assert trace_line(stage.perform(program, Request())).endswith("returned object > raised ValueError > close")


def test_a_page_is_what_the_window_shows_and_an_address_what_a_reader_would_write() -> None:
    program = Program(APP.format("return [b'<title>T</title><h1>H</h1> <title>T</title>t']"))
    with Stage([program], "here") as stage:
        assert answer_line(stage.perform(program, Request()), ("page",)) == "H t"
    assert str(Request("POST", "/a", environ={"SCRIPT_NAME": "/影".encode().decode("latin-1")})) == "POST /影/a"


def test_an_answer_says_where_links_lead_and_what_was_read() -> None:
    program = Program(APP.format("return [b'<a href=/x>' + environ['wsgi.input'].read(1) + b'</a><a>no</a>']"))
    with Stage([program], "here") as stage:
        seen = stage.perform(program, Request("POST", body="abc"))
    reading = Program(APP.format("environ['wsgi.input'].read(1); 1/0"))
    with Stage([reading], "here") as stage:
        ended = stage.perform(reading, Request("POST", body="abc"))
    assert answer_line(ended, ("status", "reads")) == "raised ZeroDivisionError · read(1)"
    assert answer_line(seen, ("links", "reads", "body")) == ("/x,  · read(1) · b'<a href=/x>a</a><a>no</a>'")


# -- the file

RIGHT = """
program = '''
def application(environ, start_response):
    start_response("200 OK", [])
    return []
'''

[[question]]
title = {en = "One?", zh-CN = "一？"}
explanation = {en = "One.", zh-CN = "一。"}
change = [{old = "return []", new = "return [b'1']"}]

[[question.wrong]]
is = "called"
why = {en = "No.", zh-CN = "不。"}
"""


def own(folder: Path, text: str) -> Exercise:
    """Return A1 with other questions."""
    home = folder / "exercises" / A1.name
    shutil.copytree(A1.folder, home, ignore=shutil.ignore_patterns("__pycache__", PREDICTIONS))
    (home / PREDICTIONS).write_text(text, encoding="utf-8")
    return load_course(folder).find("a1")


def test_a_small_file_is_enough(tmp_path: Path) -> None:
    predictions = load_predictions(own(tmp_path, RIGHT))
    assert predictions.questions[0].program.source.endswith("return [b'1']\n")
    assert predictions.program.source.endswith("return []\n")


def test_a_setup_runs_before_the_program_and_is_not_shown(tmp_path: Path) -> None:
    setup = """setup = "open('films.txt', 'w').write('12')"\n"""
    own(tmp_path, setup + RIGHT.replace("return [b'1']", "return open('films.txt', 'rb')"))
    result = CliRunner().invoke(
        main, ["predict", "a1", "--questions", "--course", str(tmp_path)], env={"COLUMNS": "120"}
    )
    assert "returned object > yield bytes[2] > close" in result.output, result.output
    assert ".write(" not in result.output


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[question]]", "[[questions]]", "unknown key 'questions'; did you mean 'question'?"),
        ("program =", "programme =", "unknown key 'programme'; did you mean 'program'?"),
        ("old = \"return []\"", 'old = "return {}"', "question 1: change: old = 'return {}' stands 0 times in the program"),
        ("old = \"return []\"", 'old = "start_response"', "stands 2 times in the program; quote as much of it"),
        ("[[question]]\n", "[[question]]\nkind = 'guess'\n", "question 1: kind must be one of trace, answer, not 'guess'"),
        ("[[question]]\n", "[[question]]\nkind = 'answer'\n", "question 1: show: with kind = 'answer' it lists what is asked"),
        ("[[question]]\n", "[[question]]\nshow = ['status']\n", "with kind = 'trace' it is left out"),
        ("[[question]]\n", "[[question]]\nkind = 'answer'\nshow = ['code']\n", "each of status, page, links, body, reads or"),
        ("zh-CN = \"一？\"", 'zh-CN = " "', "question 1: title must be a text in every language"),
        (", zh-CN = \"一。\"", "", "the key 'zh-CN' is missing"),
        ("title = {", "titel = {", "question 1: unknown key 'titel'; did you mean 'title'?"),
        ("is = \"called\"", 'is = ""', "question 1: wrong: 'is' must be what the student may choose"),
        ("[[question.wrong]]\nis = \"called\"\nwhy = {en = \"No.\", zh-CN = \"不。\"}\n", "", "there is no 'wrong'"),
        ("program", "request = {method = 'get'}\nprogram", "[request] method is a word in upper-case letters"),
        ("program", "request = {path = 'x'}\nprogram", "path begins with a slash"),
        ("program", "request = {stop_after = -1}\nprogram", "stop_after must be a number of chunks"),
        ("program", "request = {headers = {A = 1}}\nprogram", "[request] headers: every value must be a text"),
        ("program", "app = 'a-b'\nprogram", "app = 'a-b' must be a name that the program defines"),
        ("program", "program = [\nprogram", "not a TOML file"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_meant_is_refused_by_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in RIGHT
    with pytest.raises(UsageError) as caught:
        load_predictions(own(tmp_path, RIGHT.replace(old, new, 1)))
    assert said in str(caught.value)
    assert PREDICTIONS in str(caught.value)


def test_a_wrong_choice_that_is_right_is_refused(tmp_path: Path) -> None:
    right = "called > start_response('200 OK', 0 headers) > returned list > yield bytes[1]"
    own(tmp_path, RIGHT.replace('is = "called"', f'is = "{right}"'))
    result = CliRunner().invoke(main, ["predict", "a1", "--questions", "--course", str(tmp_path)])
    assert result.exit_code == 2
    assert "question 1" in result.output
    assert "stands among the wrong choices" in " ".join(result.output.split())
