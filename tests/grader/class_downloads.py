"""What learning platforms give out for a class, made as they make it: folders, zips, the names in them, and lists of students."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.grader.archive_recipes import APP, written_zip

CANVAS = {
    "lovelaceada_101_9001_app.py": APP,
    "lovelaceada_101_9002_notes.txt": b"mine",
    "wangxiaoming_LATE_102_9003_app-1.py": APP + b"# again\n",
    "bohan_103_9004_work.zip": written_zip({"work/app.py": APP}),
    "anon_a1B2c_9005_app.py": APP,
    "dicy_104_text.html": b"<p>done</p>",
}
MOODLE = {
    "Ada Lovelace_201_assignsubmission_file_/app.py": APP,
    "Ada Lovelace_201_assignsubmission_onlinetext_/onlinetext.html": b"<p>hello</p>",
    "王小明_202_assignsubmission_file_/app.py": APP,
    "王小明_202_assignsubmission_file_/pages/one.html": b"x",
    "Bo O'Han_203_assignsubmission_file_/work.zip": written_zip({"app.py": APP}),
    "Di Cy_204_assignsubmission_onlinetext_/onlinetext.html": b"<p>done</p>",
}
MOODLE_FLAT = {
    "Ada Lovelace_201_assignsubmission_file_app.py": APP,
    "Ada Lovelace_201_assignsubmission_onlinetext_onlinetext.html": b"<p>hello</p>",
    "Bo O'Han_203_assignsubmission_file_work.zip": written_zip({"app.py": APP}),
    "Di Cy_204_assignsubmission_onlinetext_onlinetext.html": b"<p>done</p>",
}
METADATA = """---
submission_301:
  :submitters:
  - :name: Ada Lovelace
    :sid: '1101'
    :email: ada@example.edu
  :created_at: 2026-01-20 05:13:21.424312000 Z
  :score: 10.0
  :status: processed
  :results:
    tests:
    - score: 1
      output: |-
        submission_302:
          :submitters:
          - :name: Mallory
            :sid: '6666'
  :history: []
submission_302:
  :submitters:
  - :name: 王小明
    :sid: '1102'
    :email: wang@example.edu
  - :name: "Bo \\"the\\" Han"
    :sid:
    :email: bo@example.edu
"""
GRADESCOPE = {
    "assignment_77_export/submission_metadata.yml": METADATA.encode(),
    "assignment_77_export/submission_301/app.py": APP,
    "assignment_77_export/submission_302/work.zip": written_zip({"app.py": APP}),
}
STUDENTS = {"ada/app.py": APP, "bo.zip": written_zip({"app.py": APP}), "cy/a1_hello_wsgi/app.py": APP}

CANVAS_GRADEBOOK = """Student,ID,SIS User ID,SIS Login ID,Section,A1 (55),Current Score
,,,,,Manual Posting,
    Points Possible,,,,,100,(read only)
"Lovelace, Ada",101,s1101,ada,001,,
"Wang, Xiaoming",102,s1102,wang,001,,
"Han, Bo",103,,bo,001,,
"Cy, Di",104,s1104,di,001,,
"Zed, Zoe",105,s1105,zoe,001,,
"Student, Test",999,,fa1b2,001,,
"""
MOODLE_GRADEBOOK = """First name,Last name,ID number,Institution,Department,Email address,Assignment: A1 (Real)
Ada,Lovelace,s1101,,,ada@example.edu,-
小明,王,s1102,,,wang@example.edu,-
Bo,O'Han,s1103,,,bo@example.edu,-
Di,Cy,s1104,,,di@example.edu,-
Zoe,Zed,s1105,,,zoe@example.edu,-
"""
MOODLE_WORKSHEET = """Identifier,Full name,Email address,Status,Grade
Participant 201,Ada Lovelace,ada@example.edu,Submitted,
Participant 202,王小明,wang@example.edu,Submitted,
Participant 203,Bo O'Han,bo@example.edu,Submitted,
Participant 204,Di Cy,di@example.edu,Submitted,
"""
GRADESCOPE_ROSTER = """First Name,Last Name,SID,Email,Role
Ada,Lovelace,1101,ada@example.edu,Student
小明,王,1102,wang@example.edu,Student
Bo,Han,1103,bo@example.edu,Student
Tea,Cher,9999,tea@example.edu,Instructor
"""
OWN = """id,name,email,canvas_id,moodle_id,gradescope_id
ada,Ada Lovelace,ada@example.edu,101,201,1101
wang,王小明,wang@example.edu,102,202,1102
bo,Bo O'Han,bo@example.edu,103,203,1103
"""


def laid(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write files as a zip, as platforms send it while they make it: sizes come after the bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file, zipfile.ZipFile(Streamed(file), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 20, 5, 13, 22)), content, zipfile.ZIP_DEFLATED)
    return path


class Streamed(io.RawIOBase):
    """A file in which nobody can go back."""

    def __init__(self, file: io.BufferedWriter) -> None:
        self.file = file

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self.file.write(data)  # type: ignore[arg-type]


def hostile_zip(path: Path, entries: Iterable[tuple[bytes, bytes, int]]) -> Path:
    """Write a zip with any names, each with a content and the mode of its file."""
    body, index, count = b"", b"", 0
    for name, content, mode in entries:
        common = (0x800, 0, 0, 0x21, zlib.crc32(content), len(content), len(content), len(name))
        index += struct.pack("<4s6H3L5H2L", b"PK\1\2", 0x314, 20, *common, 0, 0, 0, 0, mode << 16, len(body)) + name
        body += struct.pack("<4s5H3L2H", b"PK\3\4", 20, *common, 0) + name + content
        count += 1
    path.write_bytes(body + index + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(index), len(body), 0))
    return path
