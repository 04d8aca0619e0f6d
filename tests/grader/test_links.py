"""Links in what was handed in are never followed, and work that is one is a row with a reason and never just missing."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from grader.course import Course
from grader.discovery import find_submissions
from grader.submissions import read_submission
from tests.grader.conftest import skip

SECRET = b"secret = 1\n"


@pytest.fixture(autouse=True)
def linking(tmp_path: Path) -> None:
    """Ask for a system on which everybody may make links."""
    try:
        (tmp_path / "a link").symlink_to(tmp_path)
    except OSError:
        skip("links cannot be made here", "run it on Linux or macOS")
    (tmp_path / "a link").unlink()


def kinds(path: Path, course: Course, wanted: str = "") -> dict[str | None, str]:
    """Return for each student the problem of the submission that was found, or what it has."""
    found = [one.read() for one in find_submissions(path, course, course.exercises[wanted] if wanted else None)]
    return {one.student: str(one.problem.get("problem") or one.missing or sorted(one.files)) for one in found}


def right(folder: Path) -> Path:
    """Write a submission."""
    folder.mkdir(parents=True)
    (folder / "app.py").write_bytes(SECRET)
    return folder


@pytest.mark.parametrize("by_parts", [True, False])
def test_a_file_is_not_reached_through_a_linked_folder(
    course: Course, tmp_path: Path, by_parts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not by_parts:
        monkeypatch.setattr(os, "supports_dir_fd", set())
    exercise = replace(course.exercises["a1_hello_wsgi"], files=("pages/deep/app.py", "app.py"))
    real = right(tmp_path / "work" / "pages" / "deep")
    (tmp_path / "work" / "app.py").write_bytes(b"")
    assert read_submission(tmp_path / "work", exercise).files == {"pages/deep/app.py": SECRET, "app.py": b""}
    for name, link, target in (("one", "pages/deep", real), ("two", "pages", real.parent)):
        work = tmp_path / name
        (work / link).parent.mkdir(parents=True)
        (work / link).symlink_to(target)
        found = read_submission(work, exercise)
        assert found.problem["problem"] == "{file} lies behind a link; hand in the folder itself"
        assert found.problem["file"] == "pages/deep/app.py"
        assert SECRET not in found.files.values()


def test_a_file_in_place_of_a_folder_is_a_missing_file(course: Course, tmp_path: Path) -> None:
    exercise = replace(course.exercises["a1_hello_wsgi"], files=("pages/app.py",))
    (tmp_path / "pages").write_bytes(b"")
    assert read_submission(tmp_path, exercise).missing == ("pages/app.py",)


def test_the_folder_that_staff_names_may_be_a_link(course: Course, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(right(tmp_path / "work"))
    assert kinds(tmp_path / "link", course, "a1_hello_wsgi") == {None: "['app.py']"}


def test_work_in_a_tree_that_is_a_link_or_no_folder_is_found_and_refused(course: Course, tmp_path: Path) -> None:
    tree = tmp_path / "submitted"
    work = right(tree / "ada" / "a1_hello_wsgi")
    for student, target in (("bo", work), ("cy", tmp_path / "nowhere"), ("di", work / "app.py")):
        (tree / student).mkdir()
        (tree / student / "a1_hello_wsgi").symlink_to(target)
    (tree / "eve").mkdir()
    (tree / "eve" / "a1_hello_wsgi").write_bytes(SECRET)
    (tree / "flo").symlink_to(tree / "ada")
    (tree / "gus").symlink_to(tmp_path / "nowhere")
    (tree / "notes.txt").symlink_to(work / "app.py")
    if hasattr(os, "mkfifo"):
        (tree / "hal").mkdir()
        os.mkfifo(tree / "hal" / "a1_hello_wsgi")
    link, other = (
        "{file} is a link; hand in the folder or the archive itself",
        "{file} is neither a folder nor an archive",
    )
    wanted = {"ada": "['app.py']", "bo": link, "cy": link, "di": link, "eve": other, "flo": link, "gus": link}
    wanted |= {"hal": other} if hasattr(os, "mkfifo") else {}
    assert kinds(tree, course) == kinds(tree, course, "a1_hello_wsgi") == wanted


def test_a_tree_with_nothing_but_a_link_is_a_tree(course: Course, tmp_path: Path) -> None:
    (tmp_path / "bo").mkdir()
    (tmp_path / "bo" / "a1_hello_wsgi").symlink_to(tmp_path)
    assert list(kinds(tmp_path, course)) == ["bo"]


def test_a_link_beside_an_archive_is_work_that_was_handed_in_twice(course: Course, tmp_path: Path) -> None:
    (tmp_path / "bo").mkdir()
    (tmp_path / "bo" / "a1_hello_wsgi").symlink_to(tmp_path)
    (tmp_path / "bo" / "a1_hello_wsgi.zip").write_bytes(b"")
    assert "more than once" in str(kinds(tmp_path, course)["bo"])


def test_a_student_in_a_class_that_is_a_link_is_found_and_refused(course: Course, tmp_path: Path) -> None:
    right(tmp_path / "class" / "ada")
    (tmp_path / "class" / "bo").symlink_to(tmp_path / "class" / "ada")
    found = kinds(tmp_path / "class", course, "a1_hello_wsgi")
    assert found == {"ada": "['app.py']", "bo": "{file} is a link; hand in the folder or the archive itself"}


def test_a_link_beside_ones_own_work_is_no_student(course: Course, tmp_path: Path) -> None:
    work = right(tmp_path / "work")
    (work / "static").symlink_to("/etc")
    assert kinds(work, course, "a1_hello_wsgi") == {None: "['app.py']"}
    (work / "app.py").unlink()
    assert kinds(work, course, "a1_hello_wsgi") == {None: "('app.py',)"}
