"""Reads the list of a class, and says which of its students a name or number of a learning platform stands for.

A list with a mistake is refused as a whole, before anything is graded: half of one would give grades to the wrong people.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.bulk.names import Owner, folded, forms, normal
from grader.errors import UsageError
from grader.printable import printable

LARGEST = 8 << 20
ROWS = 50_000
ID, NAME = 100, 200
"""Characters of an id, an address, and of a name."""
SAID = 20
"""Mistakes that are named."""
FORMULA = ("=", "+", "-", "@")
"""What begins a formula in a spreadsheet: no id may, for grades are given out as a table with ids in it."""
OWN = ("id", "name", "email", "canvas_id", "moodle_id", "gradescope_id")
NUMBERS = ("canvas_id", "moodle_id", "gradescope_id")
COLUMNS = {
    "student": "name", "full name": "name", "first name": "first", "last name": "last", "surname": "last",
    "sis user id": "id", "sis login id": "login", "id number": "id", "sid": "gradescope_id", "email address": "email",
    "identifier": "moodle_id", "role": "role", "学号": "id", "姓名": "name", "全名": "name", "名": "first", "姓": "last",
    "姓氏": "last", "邮箱": "email", "电子邮件": "email",
}  # fmt: skip
"""Columns of Canvas's gradebook, of Moodle's gradebook, worksheet and participants, of Gradescope's roster, and in Chinese."""
KEYS = {
    "canvas": ("canvas_id",), "moodle": ("moodle_id",), "gradescope": ("gradescope_id", "id"), "": ("id", "email"),
}  # fmt: skip
"""Where the number of an owner is looked up: what a folder is named for may be an address."""
PARTICIPANT = re.compile(r"\D*?([0-9]+)")
"""What Moodle's worksheet says for a number: ``Participant 123``, in the language of its user."""
BLIND = ("participant", "参与者", "参加者")
"""What Moodle calls everybody in a blind marking."""
NO_STUDENTS = ("points possible", "student, test")
STAFF = ("instructor", "ta", "reader", "teacher", "teaching assistant")


@dataclass(frozen=True)
class Student:
    """One student of a class; ``numbers`` has those of platforms by the columns' names, ``line`` is where the file says it."""

    id: str
    name: str
    email: str
    numbers: Mapping[str, str]
    line: int

    def __str__(self) -> str:
        """Return id and name, fit to be shown."""
        return f"{printable(self.id)} ({printable(self.name)})" if self.name else printable(self.id)


@dataclass
class Roster:
    """The students of a class, and who is found by what."""

    path: Path
    students: tuple[Student, ...]
    by: dict[tuple[str, str], list[Student]] = field(init=False)

    def __post_init__(self) -> None:
        self.by = {}
        for student in self.students:
            said = {"id": student.id, "email": student.email, **student.numbers}
            keys = [(column, value.casefold()) for column, value in said.items() if value]
            for key in (*keys, *(("name", form) for form in forms(student.name))):
                self.by.setdefault(key, []).append(student)

    def find(self, owner: Owner) -> Student | str:
        """Return the student that an owner is, or why nobody can say it.

        Numbers of Moodle are others in each assignment: one of another would be somebody else's, so the name must agree.
        """
        known = self.numbered(owner)
        if isinstance(known, Student):
            same = owner.system != "moodle" or self.agree(owner, known)
            return (
                known if same else f"the number {owner.number} is that of {known} in {self.path.name}, the name is not"
            )
        if owner.email and (known := self.only("email", normal(owner.email))):
            return known
        named = self.by.get(("name", folded(owner.name)), []) if owner.name else []
        column = f"{owner.system}_id"
        open_ones = [one for one in named if not one.numbers.get(column) or owner.system == "moodle"]
        if len(open_ones) > 1:
            return f"several students in {self.path.name} have this name"
        return open_ones[0] if open_ones else f"nobody in {self.path.name} is this"

    def numbered(self, owner: Owner) -> Student | None:
        """Return the student with an owner's number, or whose id it is."""
        columns = (self.only(column, normal(owner.number)) for column in KEYS[owner.system])
        return next(filter(None, columns), None)

    def only(self, column: str, value: str) -> Student | None:
        """Return the only student of whom a column says something."""
        found = self.by.get((column, value.casefold()), []) if value else []
        return found[0] if len(found) == 1 else None

    def agree(self, owner: Owner, student: Student) -> bool:
        """Tell whether a name is that of a student, or ends in it after that of a group.

        Where one of them has none, as in a blind marking, the number says enough.
        """
        name = folded(owner.name)
        return not student.name or name in BLIND or any(name.endswith(form) for form in forms(student.name))


def read_roster(path: Path) -> Roster:
    """Read a list of students from a CSV file.

    Raises:
        UsageError: it cannot be read, has no column that says who is who, or has mistakes; they are named by their lines.
    """
    rows = list(rows_of(path, text_of(path)))
    if not rows:
        raise UsageError(
            f"{path}: there is nothing in it; a roster has a line of columns, {','.join(OWN)}, and one for each student"
        )
    columns = columns_of(path, rows[0][1])
    mistakes: list[str] = []
    students: list[Student] = []
    for line, row in rows[1:]:
        cells = {column: normal(row[place]) for place, column in columns.items() if place < len(row)}
        if not any(cells.values()) or is_nobody(cells):
            continue
        student = student_of(cells, line)
        students.append(student)
        mistakes += [f"line {line}: {mistake}" for mistake in mistakes_of(student, len(row), len(rows[0][1]))]
    mistakes += duplicates(students)
    if mistakes:
        more = f"\nand {len(mistakes) - SAID} more" if len(mistakes) > SAID else ""
        raise UsageError(f"{path}: nothing is graded before this is right:\n" + "\n".join(mistakes[:SAID]) + more)
    if not students:
        raise UsageError(f"{path}: there is no student in it, only the names of columns")
    return Roster(path, tuple(students))


def text_of(path: Path) -> str:
    """Return the text of a file."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    if len(data) > LARGEST:
        raise UsageError(f"{path}: is larger than {LARGEST} bytes; is this the list of a class?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not in UTF-8; export it as CSV UTF-8 (in Excel: Save As, CSV UTF-8)") from None


def rows_of(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a table, each with the line where it ends; commas, semicolons or tabs are between its fields."""
    head = text.lstrip("\r\n").partition("\n")[0]
    separator = max(",;\t", key=head.count)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for count, row in enumerate(row for row in table if any(row)):
            if count > ROWS:
                raise UsageError(f"{path}: has more than {ROWS} rows; is this the list of a class?")
            yield table.line_num, row
    except csv.Error as error:
        raise UsageError(
            f"{path}, line {table.line_num}: is no CSV ({printable(str(error))}); export it again"
        ) from None


def columns_of(path: Path, names: list[str]) -> dict[int, str]:
    """Return what columns say, by their places; of two that say the same the first one counts."""
    plain = [" ".join(normal(name).casefold().split()) for name in names]
    from_canvas = "student" in plain and "id" in plain
    found: dict[int, str] = {}
    for place, name in enumerate(plain):
        column = "canvas_id" if from_canvas and name == "id" else COLUMNS.get(name, name)
        column = column if column in (*OWN, *COLUMNS.values()) else ""
        if column and column in found.values() and name in OWN:
            raise UsageError(f"{path}: two columns are called {name}; remove one")
        if column and column not in found.values():
            found[place] = column
    if not {"id", "login", "email", *NUMBERS} & set(found.values()):
        shown = ", ".join(printable(name, 40) for name in names[:8])
        raise UsageError(f"{path}: no column says who is who; name one of them id (there are: {shown})")
    return found


def is_nobody(cells: Mapping[str, str]) -> bool:
    """Tell whether a row of an export is about nobody who hands in work."""
    name = cells.get("name", "").casefold()
    ids = any(cells.get(column) for column in ("id", "login", "email", *NUMBERS))
    return name in NO_STUDENTS or (not name and not ids) or cells.get("role", "").casefold() in STAFF


def student_of(cells: Mapping[str, str], line: int) -> Student:
    """Return the student of a row. Where there is no id, the login, a platform's number or the address stands for it."""
    numbers = {column: cells.get(column, "") for column in NUMBERS}
    if match := PARTICIPANT.fullmatch(numbers["moodle_id"]):
        numbers["moodle_id"] = match[1]
    email = cells.get("email", "")
    stand_ins = (cells.get("login", ""), numbers["gradescope_id"], numbers["canvas_id"], email)
    name = cells.get("name") or f"{cells.get('first', '')} {cells.get('last', '')}".strip()
    first = next((text for text in (cells.get("id", ""), *stand_ins) if text), "")
    return Student(first, name, email, numbers, line)


def mistakes_of(student: Student, fields: int, expected: int) -> Iterator[str]:
    """Yield what is wrong with one row."""
    if fields > expected:
        yield f"has {fields} fields and the first line {expected}; put a text with a comma in it in quotes"
    if not student.id:
        yield "the id is missing"
    for what, text, most in (("id", student.id, ID), ("name", student.name, NAME), ("email", student.email, NAME),
                             *((column, number, ID) for column, number in student.numbers.items())):  # fmt: skip
        if len(text) > most:
            yield f"the {what} has more than {most} characters: {printable(text, 40)}"
        elif printable(text, most) != text:
            yield f"the {what} has a character in it that cannot be shown: {printable(text, 40)}"
    if student.id.startswith(FORMULA):
        yield f"the id {printable(student.id, 40)} begins like a formula of a spreadsheet; leave out the first character"


def duplicates(students: Iterable[Student]) -> Iterator[str]:
    """Yield what two rows say that only one can."""
    first: dict[tuple[str, str], Student] = {}
    for student in students:
        said = {"id": student.id, "email": student.email, **student.numbers}
        for column, value in said.items():
            other = first.setdefault((column, value.casefold()), student)
            if value and other is not student:
                shown = f"the {column} {printable(value, 40)}"
                yield f"line {student.line}: {shown} is that of line {other.line} too; remove one of them"
                break
