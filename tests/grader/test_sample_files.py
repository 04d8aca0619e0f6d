"""What an expected.toml and a recipe may say: everything else is refused with the file, the key and the words that are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader.course import load_course
from grader.errors import UsageError
from grader.models import Exercise, Isolation, Outcome, Verdict
from grader.samples import Sample, load_samples, materialize
from grader.submissions import read_submission
from tests.grader import package_course
from tests.grader.conftest import ROOT
from tests.grader.unprotected.__main__ import chosen

EXERCISE: Exercise = load_course(ROOT).exercises["a1_hello_wsgi"]
SAMPLES = {sample.name: sample for sample in load_samples(ROOT, EXERCISE)}
ATTACK = """
kind = "attack"
about = "The import does not end."
tries = "deny"
base = "starter"
control = "hangs"
failed = ["test_says_hello"]
verdicts = ["timeout"]
harm = true

[none]
why = "there is no clock for a single call"
verdicts = ["cpu_limit"]
"""


def loaded(folder: Path, text: str, name: str = "attack_x") -> Sample:
    """Write a sample's expected.toml and read it back."""
    place = folder / "tests" / "submissions" / EXERCISE.name / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "expected.toml").write_text(text, encoding="utf-8")
    return next(sample for sample in load_samples(folder, EXERCISE) if sample.name == name)


def test_an_attack_says_what_it_tries_and_what_must_become_of_it(tmp_path: Path) -> None:
    sample = loaded(tmp_path, ATTACK)
    assert (sample.tries, sample.base, sample.control, sample.harm) == ("deny", "starter", "hangs", True)
    assert (sample.verdict, sample.failed, sample.skipped) == (Outcome.GRADED, ("test_says_hello",), ())
    assert sample.verdicts == frozenset({Verdict.TIMEOUT})


def test_a_level_may_differ_in_what_its_table_says_and_in_nothing_else(tmp_path: Path) -> None:
    sample = loaded(tmp_path, ATTACK)
    assert sample.at(Isolation.FULL) == sample.at(Isolation.CONFINED) == sample
    assert sample.at(Isolation.NONE).verdicts == frozenset({Verdict.CPU_LIMIT})
    assert sample.at(Isolation.NONE).failed == sample.failed


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('tries = "deny"', 'tries = "annoy"', "'tries' must be one of forge, files"),
        ('control = "hangs"', 'control = "works"', "'control' must be one of gains, leaks"),
        ('base = "starter"', 'base = "nobody"', "'base' must be reference, starter or the name"),
        ('base = "starter"', 'base = "attack_x"', "that is no attack"),
        ('verdicts = ["timeout"]', 'verdicts = ["late"]', "'verdicts' knows passed, wrong"),
        ('verdicts = ["timeout"]', "verdicts = [3]", "'verdicts' must hold names of tests and texts"),
        ("harm = true", "harm = 1", "'harm' is unknown or of the wrong type"),
        ("harm = true", 'verdict = "good"', "'verdict' knows graded, missing_file"),
        ("harm = true", "hurts = true", "'hurts' is unknown or of the wrong type; the keys are kind"),
        ('kind = "attack"', 'kind = "alternative"', "'tries' is for samples of the kind attack only"),
        ('kind = "attack"', 'kind = "hostile"', "'kind' must be one of"),
        ('why = "there', 'reason = "there', r"in [none] 'reason' is unknown"),
        ('why = "there is no clock for a single call"', "", r"[none] must say 'why'"),
        ('verdicts = ["cpu_limit"]', "", r"and which of verdict, failed, skipped, verdicts differ there"),
    ],
)
def test_what_is_wrong_in_a_file_is_refused_by_name(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in ATTACK
    with pytest.raises(UsageError) as refused:
        loaded(tmp_path, ATTACK.replace(old, new))
    assert words in str(refused.value)
    assert "attack_x/expected.toml" in str(refused.value)


def test_a_base_may_be_an_honest_sample(tmp_path: Path) -> None:
    loaded(tmp_path, 'kind = "misconception"\nabout = "Honest."\n', "honest")
    assert loaded(tmp_path, ATTACK.replace('"starter"', '"honest"')).base == "honest"


def test_a_recipe_makes_what_git_cannot_hold(tmp_path: Path) -> None:
    sample = loaded(tmp_path, ATTACK)
    (sample.folder / "app.py").write_text("application = 1\n")
    (sample.folder / "recipe.py").write_text("def make(folder):\n    (folder / 'odd\\nname').symlink_to('/etc')\n")
    target = tmp_path / "made"
    assert materialize(sample, target) == target
    assert sorted(path.name for path in target.iterdir()) == ["app.py", "odd\nname"]
    assert (target / "odd\nname").is_symlink()
    assert sorted(path.name for path in sample.folder.iterdir()) == ["app.py", "expected.toml", "recipe.py"]


def test_a_recipe_may_make_the_archive_that_is_handed_in(tmp_path: Path) -> None:
    sample = loaded(tmp_path, ATTACK)
    (sample.folder / "recipe.py").write_text("def make(folder):\n    (folder / 'submission.tar.gz').write_bytes(b'')\n")
    assert materialize(sample, tmp_path / "made") == tmp_path / "made" / "submission.tar.gz"


def test_a_recipe_without_make_is_refused_by_name(tmp_path: Path) -> None:
    sample = loaded(tmp_path, ATTACK)
    (sample.folder / "recipe.py").write_text("done = True\n")
    with pytest.raises(UsageError, match=r"recipe\.py: there must be a function make"):
        materialize(sample, tmp_path / "made")


# -- changes of the reference


CHANGES = """kind = "misconception"
about = "Greets in another language."

[[changes]]
old = "影单"
new = "片单"
"""


def test_changes_make_the_file_from_the_reference(tmp_path: Path) -> None:
    sample = loaded(tmp_path, CHANGES, "other_words")
    assert EXERCISE.reference_folder
    reference = (EXERCISE.reference_folder / "app.py").read_text(encoding="utf-8")
    made = materialize(sample, tmp_path / "made")
    assert reference.count("影单") == 1
    assert (made / "app.py").read_text(encoding="utf-8") == reference.replace("影单", "片单")


def test_changes_are_made_one_after_the_other(tmp_path: Path) -> None:
    again = CHANGES + '\n[[changes]]\nold = "片单"\nnew = ""\n'
    made = materialize(loaded(tmp_path, again, "other_words"), tmp_path / "made")
    assert "单" not in (made / "app.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("old", ["not in there", "def "])
def test_a_change_that_does_not_fit_once_is_refused_with_its_text(tmp_path: Path, old: str) -> None:
    sample = loaded(tmp_path, CHANGES.replace("影单", old), "other_words")
    with pytest.raises(UsageError, match=rf"other_words/expected\.toml: a change must fit once in .*app\.py.*'{old}'"):
        materialize(sample, tmp_path / "made")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[changes]]\nold = 'a'\n", "each with 'old' and 'new'"),
        ("[[changes]]\nold = 'a'\nnew = 'b'\nremove = true\n", "each with 'old' and 'new', or with 'remove = true'"),
        ("[[changes]]\nremove = false\n", "'remove' true"),
        ("[[changes]]\nfile = 'other.py'\nremove = true\n", "must be a file of app.py, not 'other.py'"),
        ("[[changes]]\nold = 'a'\nnew = 'b'\nmore = 'c'\n", "each with 'old' and 'new'"),
        ("[[changes]]\nold = 'a'\nnew = 3\n", "must be text"),
        ("changes = []\n", "must be tables"),
        ("changes = 'a'\n", "'changes' is unknown or of the wrong type"),
    ],
)
def test_wrong_changes_are_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        loaded(tmp_path, 'kind = "misconception"\nabout = "Wrong."\n' + text, "wrong")
    assert "wrong/expected.toml" in str(refused.value)


# -- changes of a directory


PACKAGE = """kind = "misconception"
about = "Other films."

[[changes]]
file = "watchlist/db.py"
old = "timeout=5"
new = "timeout=4"

[[changes]]
file = "watchlist/more/x.html"
old = ""
new = "<p>影</p>"

[[changes]]
file = "watchlist/static/site.css"
remove = true
"""


def of_package(folder: Path, text: str) -> tuple[Sample, Exercise]:
    """Write a sample of an exercise that asks for a directory."""
    exercise = package_course.write(folder).exercises[package_course.NAME]
    place = folder / "tests" / "submissions" / exercise.name / "changed"
    package_course.put(place, {"expected.toml": text})
    (sample,) = load_samples(folder, exercise)
    return sample, exercise


def test_changes_of_a_directory_replace_add_and_remove_and_leave_the_rest(tmp_path: Path) -> None:
    sample, exercise = of_package(tmp_path, PACKAGE)
    package_course.put(sample.folder, {"watchlist/site.py": "own = 1\n", "watchlist/own.sql": "own\n"})
    made = read_submission(materialize(sample, tmp_path / "made"), exercise)
    wanted = dict(package_course.RIGHT)
    del wanted["watchlist/static/site.css"]
    wanted["watchlist/db.py"] = wanted["watchlist/db.py"].replace(b"timeout=5", b"timeout=4")
    wanted |= {
        "watchlist/more/x.html": "<p>影</p>".encode(),
        "watchlist/site.py": b"own = 1\n",
        "watchlist/own.sql": b"own\n",
    }
    assert (made.files, made.problem, made.missing) == (wanted, {}, ())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('file = "watchlist/db.py"', "", "'file' of a change must be a file of watchlist/, README.txt, not ''"),
        ("watchlist/db.py", "watchlist/../db.py", "not 'watchlist/../db.py': say which one"),
        (
            "watchlist/db.py",
            "watchlist/no.py",
            "the reference has no file watchlist/no.py to change; it has watchlist/",
        ),
        ("watchlist/static/site.css", "watchlist/no.css", "the reference has no file watchlist/no.css"),
        (
            "watchlist/more/x.html",
            "watchlist/site.py",
            "an empty 'old' makes a file, and watchlist/site.py is there already",
        ),
        ("timeout=5", "def ", "watchlist/db.py, with the changes before it; this one fits 5 times"),
    ],
)
def test_wrong_changes_of_a_directory_are_refused_by_name(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert PACKAGE.count(old) == 1
    with pytest.raises(UsageError) as refused:
        materialize(of_package(tmp_path, PACKAGE.replace(old, new))[0], tmp_path / "made")
    assert words in str(refused.value)
    assert "changed/expected.toml" in str(refused.value)


# -- which sample is meant


@pytest.mark.parametrize("word", ["a1_hello_wsgi/many_chunks", "tests/submissions/a1_hello_wsgi/many_chunks/"])
def test_a_sample_is_named_with_its_exercise_where_others_have_its_name(word: str) -> None:
    one = SAMPLES["many_chunks"]
    other = replace(one, exercise="b3_gzip")
    assert chosen([word], [one, other]) == chosen(["many_chunks"], [one]) == [one]
    with pytest.raises(UsageError, match="a1_hello_wsgi/many_chunks, b3_gzip/many_chunks"):
        chosen(["many_chunks"], [one, other])


@pytest.mark.parametrize("word", ["no_such_sample", "b3_gzip/many_chunks", "a1_hello_wsgi", ""])
def test_a_sample_that_is_not_there_is_not_found(word: str) -> None:
    with pytest.raises(UsageError, match=f"there is no sample {word}$"):
        chosen([word], list(SAMPLES.values()))


def test_without_a_name_every_attack_is_meant_also_those_that_share_one() -> None:
    attack = SAMPLES["attack_exits_at_import"]
    other = replace(attack, exercise="b3_gzip")
    assert chosen([], [SAMPLES["many_chunks"], attack, other]) == [attack, other]
