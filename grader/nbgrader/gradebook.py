"""nbgrader's own gradebook: where it is, whether it can be used, what it says, and how scores get into it.

Imports nbgrader inside its functions, for that takes seconds. What is only read is read without nbgrader's `Gradebook`, which
would make tables and rows.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, inspect, make_url, select, union_all
from sqlalchemy.exc import ArgumentError, DBAPIError, SAWarning, SQLAlchemyError

from grader.errors import EngineFault, UsageError
from grader.nbgrader.names import CONFIG, require
from grader.printable import printable
from grader.store.database import engine_for, name_of

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

TABLES = frozenset(
    {"assignment", "notebook", "base_cell", "grade_cells", "student", "submitted_assignment", "grade", "comment"}
)
PATIENCE = 5.0
"""Seconds to wait for another program that has locked a gradebook, as nbgrader does."""
LONGEST_ID = 128
"""Characters of a student's id (nbgrader.api.Student)."""


@dataclass(frozen=True)
class Place:
    """Where the gradebook of a course is, and which course of those in it is meant."""

    url: URL
    course_id: str

    @property
    def name(self) -> str:
        """What it is called in messages: never with a password."""
        return name_of(self.url)


@dataclass(frozen=True)
class Mark:
    """What a gradebook says of one graded cell of a student; points, None where nobody has said any."""

    auto: float | None = None
    manual: float | None = None
    extra: float | None = None
    needs_manual_grade: bool = True


@dataclass
class Sheet:
    """A student's submission as the gradebook has it.

    Cells are called by their grade ids; those of a notebook that is not called like the assignment by both names.
    """

    marks: dict[str, Mark] = field(default_factory=dict)
    penalty: float = 0.0
    comments: dict[str, str] = field(default_factory=dict)


@dataclass
class Contents:
    """What a gradebook says. ``cells`` has the points that each graded cell is worth, by those assignments that are wanted."""

    students: set[str] = field(default_factory=set)
    assignments: set[str] = field(default_factory=set)
    cells: dict[str, dict[str, float]] = field(default_factory=dict)
    sheets: dict[tuple[str, str], Sheet] = field(default_factory=dict)
    """By student and assignment."""


# -- where it is


def place_of(course_dir: Path) -> Place:
    """Return where the gradebook of a course is, as nbgrader itself finds it.

    Raises:
        UsageError: nbgrader or its configuration lacks, or says something that no gradebook can be.
    """
    require()
    if not (course_dir / CONFIG).is_file():
        raise UsageError(
            f"{course_dir}: no nbgrader course here, for it has no {CONFIG}; grader nbgrader init makes one"
        )
    from nbgrader.apps.baseapp import NbGrader
    from nbgrader.coursedir import CourseDirectory

    with contextlib.chdir(course_dir):
        try:
            app = NbGrader()
            app.raise_config_file_errors = True
            app.load_config_file(suppress_errors=False)
            found = CourseDirectory(parent=app)
            url, course_id = made_absolute(found.db_url), found.course_id or "default_course"
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 - a configuration is a program of the instructor's
            raise UsageError(f"{course_dir / CONFIG}: {type(error).__name__}: {printable(str(error))}") from None
    return Place(url, course_id)


def made_absolute(db_url: str) -> URL:
    """Return the address of a gradebook; a relative path of a file is below the working folder.

    Raises:
        UsageError: it is none of SQLite or PostgreSQL.
    """
    try:
        url = make_url(db_url)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError):
        url, backend = None, ""
    if url and backend == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername="sqlite", database=str(Path(url.database).absolute()))
    if url and backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise UsageError(
        f"CourseDirectory.db_url in {CONFIG}: a gradebook is sqlite:///PATH or postgresql://USER@HOST/DATABASE"
    )


# -- whether it can be used


@contextlib.contextmanager
def reading(place: Place) -> Iterator[Connection]:
    """Yield a connection by which nothing can be changed.

    Raises:
        UsageError: there is no gradebook, or one of another release of nbgrader.
        EngineFault: it is locked, or its server does not answer.
    """
    if place.url.get_backend_name() == "sqlite" and not Path(str(place.url.database)).is_file():
        raise UsageError(f"{place.name}: there is no gradebook yet; nbgrader generate_assignment makes it")
    engine = engine_for(place.url, writing=False, patience=PATIENCE)
    try:
        with trouble(place), engine.connect() as plain:
            connection = plain.execution_options(postgresql_readonly=True)
            check(connection, place)
            yield connection
    finally:
        engine.dispose()


def check(connection: Connection, place: Place) -> None:
    """Make sure that this is a gradebook as the nbgrader that is installed knows it.

    Raises:
        UsageError: it is not.
    """
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    tables = set(inspect(connection).get_table_names())
    if not tables:
        raise UsageError(f"{place.name}: there is no gradebook yet; nbgrader generate_assignment makes it")
    if not tables >= TABLES:
        raise UsageError(f"{place.name}: the database of something else; see CourseDirectory.db_url in {CONFIG}")
    version = "SELECT version_num FROM alembic_version"
    found = connection.exec_driver_sql(version).scalar() if "alembic_version" in tables else None
    script = ScriptDirectory(ALEMBIC_DIR)
    if found == script.get_current_head():
        return
    known = {revision.revision for revision in script.walk_revisions()}
    old = found is None or found in known
    remedy = "nbgrader db upgrade brings it up to date" if old else "install the nbgrader that made it"
    raise UsageError(
        f"{place.name}: this gradebook has another schema ({found or 'of no version'}); {remedy}. Nothing was changed"
    )


SAID: tuple[tuple[str, type[Exception], str], ...] = (
    ("database is locked", EngineFault, "is locked by another program, an nbgrader perhaps; let that end, then start this again"),
    ("readonly", UsageError, "is read-only; make it and its folder writable"),
    ("read-only", UsageError, "is read-only; make it and its folder writable"),
    ("not a database", UsageError, f"is no database; see CourseDirectory.db_url in {CONFIG}"),
    ("malformed", UsageError, "is damaged; restore it from a copy"),
    ("unable to open", UsageError, "cannot be opened; make sure that this user may read it"),
    ("is full", EngineFault, "has no more room on its disk; make some, then start this again"),
    ("permission denied", UsageError, "does not let this user in; ask for the right to do so"),
    ("connection", EngineFault, "does not answer; make sure that its server runs and lets us in, then start this again"),
)  # fmt: skip
"""What a database says, in small letters, with what we say of it and whose fault it is."""


@contextlib.contextmanager
def trouble(place: Place) -> Iterator[None]:
    """Turn what a gradebook complains about into errors of ours.

    Raises:
        UsageError: it cannot be used as it is.
        EngineFault: something of ours broke.
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise explained(place, str(error.orig if isinstance(error, DBAPIError) else error)) from None


def explained(place: Place, said: str) -> Exception:
    """Return an error of ours for what a gradebook complains about."""
    first = printable(next(iter(said.splitlines()), ""))
    for word, kind, remedy in SAID:
        if word in first.lower():
            return kind(f"{place.name} {remedy} ({first})")
    return EngineFault(f"{place.name}: {first}")


# -- what it says


def read(place: Place, exercises: Collection[str]) -> Contents:
    """Return what a gradebook says about some assignments.

    Raises:
        UsageError: it cannot be used; the message says what to do.
        EngineFault: it is locked, or its server does not answer.
    """
    from nbgrader import api

    found = Contents()
    with reading(place) as connection:
        found.students.update(connection.execute(select(api.Student.__table__.c.id)).scalars())
        found.assignments.update(connection.execute(select(api.Assignment.__table__.c.name)).scalars())
        found.cells = {assignment: {} for assignment in sorted(found.assignments)}
        for row in connection.execute(graded_cells(api)):
            found.cells[row.assignment][called(row)] = float(row.max_score)
        for row in connection.execute(submitted(api)):
            sheet = found.sheets.setdefault((row.student, row.assignment), Sheet())
            sheet.penalty += row.penalty or 0.0
        for row in connection.execute(
            of_submissions(api, api.Grade, "auto_score", "manual_score", "extra_credit", "needs_manual_grade")
        ):
            mark = Mark(row.auto_score, row.manual_score, row.extra_credit, bool(row.needs_manual_grade))
            found.sheets[row.student, row.assignment].marks[called(row)] = mark
        for row in connection.execute(of_submissions(api, api.Comment, "manual_comment")):
            if (row.manual_comment or "").strip():
                found.sheets[row.student, row.assignment].comments[called(row)] = row.manual_comment.strip()
    for assignment in set(found.cells) - set(exercises):
        del found.cells[assignment]
    found.sheets = {key: sheet for key, sheet in found.sheets.items() if key[1] in found.cells}
    return found


def graded_cells(api: Any) -> Any:  # noqa: ANN401 - nbgrader's module, a statement
    """Return a query for every cell that has points."""
    cell, notebook, assignment = (table.__table__ for table in (api.BaseCell, api.Notebook, api.Assignment))
    graded = union_all(
        *(select(table.__table__.c.id, table.__table__.c.max_score) for table in (api.GradeCell, api.TaskCell))
    )
    points = graded.subquery()
    return (
        select(assignment.c.name.label("assignment"), notebook.c.name.label("notebook"), cell.c.name.label("cell"),
               points.c.max_score)
        .join_from(points, cell, cell.c.id == points.c.id)
        .join(notebook, notebook.c.id == cell.c.notebook_id)
        .join(assignment, assignment.c.id == notebook.c.assignment_id)
        .order_by(assignment.c.name, cell.c.name)
    )  # fmt: skip


def submitted(api: Any, *columns: Any) -> Any:  # noqa: ANN401 - the same
    """Return a query for every notebook of every submission, and for every submission without one."""
    of_student, of_class, notebook, assignment = (
        table.__table__ for table in (api.SubmittedNotebook, api.SubmittedAssignment, api.Notebook, api.Assignment)
    )
    return (
        select(assignment.c.name.label("assignment"), of_class.c.student_id.label("student"),
               notebook.c.name.label("notebook"), of_student.c.late_submission_penalty.label("penalty"), *columns)
        .join_from(of_class, assignment, assignment.c.id == of_class.c.assignment_id)
        .outerjoin(of_student, of_student.c.assignment_id == of_class.c.id)
        .outerjoin(notebook, notebook.c.id == of_student.c.notebook_id)
    )  # fmt: skip


def of_submissions(api: Any, kind: Any, *columns: str) -> Any:  # noqa: ANN401 - the same
    """Return a query for what is said of the cells of every submission: grades, or comments."""
    said, cell = kind.__table__, api.BaseCell.__table__
    return (
        submitted(api, cell.c.name.label("cell"), *(said.c[name] for name in columns))
        .join(said, said.c.notebook_id == api.SubmittedNotebook.__table__.c.id)
        .join(cell, cell.c.id == said.c.cell_id)
    )


def called(row: Any) -> str:  # noqa: ANN401 - a row
    """Return what a cell is called."""
    return row.cell if row.notebook == row.assignment else f"{row.notebook}/{row.cell}"


# -- how scores get into it


@contextlib.contextmanager
def writing(place: Place) -> Iterator[Gradebook]:
    """Yield nbgrader's own gradebook.

    Raises:
        EngineFault: it is locked, or its server does not answer.
    """
    from nbgrader.api import Gradebook, InvalidEntry

    logging.getLogger("tornado.application").addFilter(quiet)  # nbgrader logs a traceback of what we say in words
    try:
        with trouble(place), warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own: see its add_submission
            with Gradebook(place.url.render_as_string(hide_password=False), place.course_id) as book:
                yield book
    except InvalidEntry as error:
        raise explained(place, str(error)) from None
    finally:
        logging.getLogger("tornado.application").removeFilter(quiet)


def quiet(record: logging.LogRecord) -> bool:
    """Tell whether a record of a log is about anything but a rolled back transaction of nbgrader's."""
    return "Rolling back session" not in record.getMessage()


def enter(
    book: Gradebook, student: str, exercise: str, scores: Mapping[str, float | None], submitted: datetime
) -> None:
    """Set automatic scores of a student, all of them or none; whoever is not in the gradebook yet comes into it.

    What somebody gave by hand stays, and has to be looked at again (as in nbgrader.preprocessors.SaveAutoGrades).
    ``submitted`` is used where the gradebook knows no time.
    """
    book.update_or_create_student(student)
    submission = book.update_or_create_submission(exercise, student)
    if submission.timestamp is None:
        submission.timestamp = submitted.astimezone(UTC).replace(tzinfo=None)
    for cell, score in scores.items():
        grade = book.find_grade(cell, exercise, exercise, student)
        grade.auto_score = score
        grade.needs_manual_grade = score is None or grade.manual_score is not None
    book.db.commit()
