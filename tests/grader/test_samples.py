"""Every sample submission is graded at level full and comes to what its expected.toml says.

Hostile ones gain nothing, find nothing out, hold nothing up and leave nothing behind: after each of them an honest
submission is graded by the same grader. `tests.grader.attack_range` does the same at every level and for every user, and
`grader verify` proves all samples of an exercise within seconds, and that each test fails for one of them: where not everything
must run, a few samples are run here.
"""

from __future__ import annotations

import json
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from grader.models import LANGUAGES, Attempt, Exercise
from grader.proving.zoo import doing_nothing, of_sample
from grader.reports import document as documents
from grader.samples import TRIES, Sample, load_samples
from tests.grader.attack_range.look import PATIENCE, SCHEMA, SERVICE, UNSAFE, Range, Seen, Service, reference_of
from tests.grader.conftest import EVERY, ROOT, skip, taken
from tests.grader.leaks import COURSE, disguises, hidden_modules, hidden_texts, leak_markers, markers_in, texts

GRADERS = 2 if EVERY else 1
"""Graders that work side by side: most attacks wait for a deadline, so one processor could do it. Each warms up anew."""
EXERCISES = [exercise for exercise in COURSE.exercises.values() if exercise.kind == "graded"]
SAMPLES = [sample for exercise in EXERCISES for sample in load_samples(ROOT, exercise)]
ATTACKS = [sample for sample in SAMPLES if sample.kind == "attack"]
ATTACKS_SHARE, HONEST_SHARE, EXERCISES_SHARE = 80, 320, 6
"""Every which attack, honest sample and exercise is graded where not everything is run."""
GRADED = [
    sample
    for sample in SAMPLES
    if taken(f"{sample.exercise}/{sample.name}", ATTACKS_SHARE if sample.kind == "attack" else HONEST_SHARE)
]
GRADED_ATTACKS = [sample for sample in GRADED if sample.kind == "attack"]
PERSISTENT = [sample for sample in ATTACKS if sample.tries == "persist" and taken(sample.name, EXERCISES_SHARE)]


def each(samples: list[Sample]) -> pytest.MarkDecorator:
    """Run a test for each of some samples."""
    return pytest.mark.parametrize("sample", samples, ids=[f"{sample.exercise}/{sample.name}" for sample in samples])


def each_exercise(exercises: list[Exercise]) -> pytest.MarkDecorator:
    """Run a test for each of some exercises."""
    return pytest.mark.parametrize("exercise", exercises, ids=[exercise.name for exercise in exercises])


def some_exercises(kind: str) -> pytest.MarkDecorator:
    """Run a test for every n-th exercise, other ones for each kind of test."""
    return each_exercise([exercise for exercise in EXERCISES if taken(f"{kind} of {exercise.name}", EXERCISES_SHARE)])


class Zoo:
    """Grades samples ahead of the tests that ask for them, with several graders side by side."""

    def __init__(self, service: Service, samples: Iterable[Sample]) -> None:
        self.service = service
        self.ranges: list[Range] = []
        self.own = threading.local()
        self.pool = ThreadPoolExecutor(GRADERS)
        self.graded: dict[Path, Future[tuple[Seen, Attempt]]] = {}
        for sample in samples:
            self.wanted(sample)

    def wanted(self, sample: Sample) -> Future[tuple[Seen, Attempt]]:
        """Have a sample graded, once."""
        if sample.folder not in self.graded:
            self.graded[sample.folder] = self.pool.submit(lambda: self.range().look(sample))
        return self.graded[sample.folder]

    def range(self) -> Range:
        """Return the range of this thread."""
        if not hasattr(self.own, "range"):
            self.own.range = Range(self.service)
            self.ranges.append(self.own.range)
        return self.own.range  # type: ignore[no-any-return]

    def seen(self, sample: Sample) -> Seen:
        """Return what became of a sample."""
        return self.wanted(sample).result()[0]

    def attempt(self, sample: Sample) -> Attempt:
        """Return the attempt of a sample."""
        return self.wanted(sample).result()[1]

    def grade(self, folder: Path, exercise: Exercise) -> Attempt:
        """Grade a folder."""
        return self.pool.submit(lambda: self.range().grade(folder, exercise)).result()

    def close(self) -> None:
        """End the graders."""
        self.pool.shutdown(cancel_futures=True)
        for one in self.ranges:
            one.close()


@pytest.fixture(scope="module")
def zoo(full: None, request: pytest.FixtureRequest) -> Iterator[Zoo]:
    """The graders of this module, which begin with the samples that the selected tests are about."""
    try:
        service = Service.open()
    except OSError as error:
        skip(f"port {SERVICE[1]} is taken ({error})", "end the program that listens there")
    asking = (
        item for item in request.session.items if isinstance(item, pytest.Function) and "zoo" in item.fixturenames
    )
    calls = (getattr(item, "callspec", None) for item in asking)
    made = Zoo(service, (call.params["sample"] for call in calls if call and "sample" in call.params))
    yield made
    made.close()
    service.close()


# -- what samples come to


@each(GRADED)
def test_a_sample_comes_to_what_is_expected_of_it_and_its_author_reads_what_is_kept(zoo: Zoo, sample: Sample) -> None:
    assert zoo.seen(sample).differences == []
    assert list(of_sample(sample, zoo.attempt(sample), COURSE.exercises[sample.exercise])) == []


@some_exercises("reference")
def test_a_reference_has_full_marks(zoo: Zoo, exercise: Exercise) -> None:
    attempt = zoo.grade(reference_of(exercise), exercise)
    assert attempt.score is not None, dict(attempt.detail)
    assert attempt.score.percent == 100


@some_exercises("starter")
def test_a_starter_has_next_to_no_marks(zoo: Zoo, exercise: Exercise) -> None:
    assert list(doing_nothing(exercise.folder, "the starter", zoo.grade(exercise.folder, exercise))) == []


# -- what attacks must not do


@each(GRADED)
def test_a_sample_is_graded_in_bounded_time(zoo: Zoo, sample: Sample) -> None:
    assert zoo.seen(sample).seconds < PATIENCE


@each(GRADED_ATTACKS)
def test_an_attack_earns_no_more_than_the_same_code_is_worth_honestly(zoo: Zoo, sample: Sample) -> None:
    seen = zoo.seen(sample)
    assert seen.base_points is not None
    assert (seen.points or 0) <= seen.base_points


@each(GRADED_ATTACKS)
def test_an_honest_submission_after_an_attack_has_full_marks(zoo: Zoo, sample: Sample) -> None:
    assert zoo.seen(sample).next == ""


@each(GRADED_ATTACKS)
def test_an_attack_leaves_nothing_behind(zoo: Zoo, sample: Sample) -> None:
    assert zoo.seen(sample).left == {}


@each(GRADED_ATTACKS)
def test_an_attack_reaches_no_service_of_the_machine(zoo: Zoo, sample: Sample) -> None:
    assert zoo.seen(sample).visitors == 0


@each(PERSISTENT)
def test_what_an_attack_leaves_is_gone_when_it_comes_again(zoo: Zoo, sample: Sample) -> None:
    assert zoo.seen(sample).second == ""


@each(ATTACKS)
def test_an_attack_says_what_it_tries_how_it_succeeds_and_what_its_failures_are_called(sample: Sample) -> None:
    assert sample.tries
    assert sample.base
    assert sample.control
    assert sample.verdicts is not None


def test_there_are_a_hundred_attacks() -> None:
    assert len([sample for sample in SAMPLES if sample.kind == "attack"]) >= 100


@pytest.mark.parametrize("tries", TRIES)
def test_there_are_several_attacks_of_every_kind(tries: str) -> None:
    assert len([sample for sample in SAMPLES if sample.tries == tries]) >= 4


# -- what students get to see


@pytest.mark.parametrize("language", LANGUAGES)
@each(GRADED)
def test_a_student_document_is_of_the_published_form(zoo: Zoo, sample: Sample, language: str) -> None:
    found = [documents.document(zoo.attempt(sample), language)]
    assert [error.message for error in SCHEMA.iter_errors(found)] == []


@pytest.mark.parametrize("language", LANGUAGES)
@each(GRADED)
def test_a_student_document_has_only_printable_characters(zoo: Zoo, sample: Sample, language: str) -> None:
    found = documents.document(zoo.attempt(sample), language)
    assert [text for text in texts(found) if any(unicodedata.category(one) in UNSAFE for one in text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
@each(GRADED)
def test_a_student_document_has_no_leak_marker(zoo: Zoo, sample: Sample, language: str) -> None:
    found = json.dumps(documents.document(zoo.attempt(sample), language), ensure_ascii=False)
    assert [marker for marker in leak_markers() for form in disguises(marker) if form in found] == []


@pytest.mark.parametrize("language", LANGUAGES)
@each(GRADED)
def test_a_student_document_tells_nothing_of_hidden_tests(zoo: Zoo, sample: Sample, language: str) -> None:
    found = "\0".join(texts(documents.document(zoo.attempt(sample), language)))
    assert [text for text in hidden_texts(sample.exercise) if text in found] == []


@each_exercise(EXERCISES)
def test_every_hidden_module_has_a_leak_marker(exercise: Exercise) -> None:
    assert [path.name for path in hidden_modules(exercise) if not markers_in(path)] == []


@each_exercise(EXERCISES)
def test_hidden_tests_have_texts_that_would_be_missed(exercise: Exercise) -> None:
    assert not hidden_modules(exercise) or hidden_texts(exercise.name)
