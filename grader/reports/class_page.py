"""A class as one page of HTML, for staff: scores, tests, what groups of students have in common, who is stuck, progress.

What students wrote is not in it, but for their names, and without those either where it is anonymous.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.models import Outcome, Text, Visibility
from grader.reports import plots
from grader.reports.analysis import Day, Failing, Statistics, Stuck
from grader.reports.resemblance import Known, Likeness, likenesses
from grader.reports.web import Both, both, figure, shell, shown, table
from grader.testing.feedback import same

GROUPS, NAMES, FINDINGS = 15, 8, 3
"""Groups of an exercise, names and findings of a group, that are shown."""
AT_ONCE, LISTED = 12, 200
"""Those who are stuck that are shown at once, and those that are listed at all."""
FEW = 30
"""Students below whom discrimination is a guess."""
NAME = 80


@dataclass(frozen=True)
class Part:
    """One exercise of the page: its title, what is known of it, and the samples that groups are compared with."""

    title: Text
    statistics: Statistics
    samples: Sequence[Known] = ()


@dataclass(frozen=True)
class Names:
    """What students are called on the page: as they are, or by numbers in an order that nobody can tell names by."""

    numbers: Mapping[str, int] | None = None

    def of(self, student: str, say: Both) -> str:
        """Return a student's name as HTML; one that is written from right to left moves nothing beside it."""
        if self.numbers is None:
            return f"<bdi>{shown(student, NAME)}</bdi>"
        return say.text("student {number}", number=self.numbers[student])

    def key(self, student: str) -> tuple[int, str]:
        """Return what students are sorted by, which must not tell their names either."""
        return (0, student) if self.numbers is None else (self.numbers[student], "")


def pseudonyms(students: Iterable[str], key: bytes) -> Names:
    """Number students from 1 in the order of a hash with a secret key: without it, no number tells a name (RFC 2104)."""
    order = sorted(set(students), key=lambda name: hmac.digest(key, name.encode("utf-8", "surrogatepass"), "sha256"))
    return Names({student: number for number, student in enumerate(order, 1)})


def page(parts: Sequence[Part], names: Names, lang: str) -> str:
    """Return the page; ``lang`` is the language that is shown first."""
    say = Both()
    title = say.catalogue.text("The class: what its attempts tell")
    body = [f"<h1>{both(title)}</h1>"]
    body.append(
        f'<p class="warn">{say.text("For staff only: this page names hidden tests and sample submissions.")}</p>'
    )
    body += [overview(parts, say), *stuck(parts, names, say)]
    body += [part for number, one in enumerate(parts) for part in exercise(one, names, say, str(number))]
    return "".join(shell(title[lang], body, lang))


# -- all exercises


def overview(parts: Sequence[Part], say: Both) -> str:
    """Return a row for each exercise."""
    keys = [
        say.text("exercise"),
        say.text("students"),
        say.text("scores"),
        say.text("lower quartile"),
        say.text("median"),
        say.text("upper quartile"),
        say.text("full marks"),
    ]
    rows = []
    for number, part in enumerate(parts):
        known = part.statistics
        quartiles = [percent(known.quantile(share)) for share in (0.25, 0.5, 0.75)]
        name = f'<a href="#e{number}">{shown(known.exercise)}</a>'
        rows.append([name, str(known.students), str(known.percents.total()), *quartiles, str(known.percents[100])])
    return table(
        "all", say.text("All exercises: the attempts that count, in percent of the points"), keys, rows, "numbers"
    )


def percent(value: int | None) -> str:
    """Return a percentage, a dash where there is none."""
    return "–" if value is None else f"{value}\N{NO-BREAK SPACE}%"


def stuck(parts: Sequence[Part], names: Names, say: Both) -> Iterator[str]:
    """Yield who tries without gain, those with the most attempts first."""
    yield f"<h2>{say.text('Who is stuck')}</h2>"
    yield f"<p>{say.text('Not there yet, and three attempts or more in a row brought no gain.')}</p>"
    found = sorted(
        (one for part in parts for one in part.statistics.stuck), key=lambda s: (-s.since, names.key(s.student))
    )
    if not found:
        yield f"<p>{say.text('Nobody.')}</p>"
        return
    heads = [
        say.text("student"),
        say.text("exercise"),
        say.text("attempts"),
        say.text("since the last gain"),
        say.text("best so far"),
        say.text("what fails"),
    ]
    rows = [stuck_row(one, names, say) for one in found[:LISTED]]
    yield table("stuck", say.text("{count} who try without gain", count=len(found)), heads, rows[:AT_ONCE])
    if rows[AT_ONCE:]:
        made = table("stuck-more", say.text("Who is stuck"), heads, rows[AT_ONCE:])
        yield f"<details><summary>{say.text('and {count} more', count=len(found) - AT_ONCE)}</summary>{made}</details>"
    yield from more(len(found) - LISTED, say)


def stuck_row(one: Stuck, names: Names, say: Both) -> list[str]:
    """Return one who is stuck."""
    numbers = [str(one.attempts), str(one.since), percent(int(one.percent))]
    return [names.of(one.student, say), shown(one.exercise), *numbers, named(one.failed, say, FINDINGS)]


def named(ids: Sequence[str], say: Both, most: int = NAMES) -> str:
    """Return the names of tests, of many the first ones."""
    told = " ".join(f"<code>{shown(name, NAME)}</code>" for name in ids[:most]) or "–"
    return told if len(ids) <= most else f"{told} {say.text('and {count} more', count=len(ids) - most)}"


def more(count: int, say: Both) -> Iterator[str]:
    """Yield that there are more, if there are."""
    if count > 0:
        yield f"<p>{say.text('and {count} more', count=count)}</p>"


# -- one exercise


def exercise(part: Part, names: Names, say: Both, number: str) -> Iterator[str]:
    """Yield all about one exercise."""
    known = part.statistics
    yield f'<article id="e{number}"><h2>{both(part.title)} <small>{shown(known.exercise)}</small></h2>'
    yield from outcomes(known, say)
    if known.percents:
        yield from distribution(known, say, number)
    if known.items:
        yield from items(known, say, number)
        yield from groups(part, names, say)
    if days := known.days():
        yield from progress(days, say, number)
    yield "</article>"


def outcomes(known: Statistics, say: Both) -> Iterator[str]:
    """Yield how many attempts could not be graded as they were handed in, if any."""
    odd = known.outcomes.total() - known.outcomes[Outcome.GRADED]
    if odd:
        told = say.text("{count} of {all} were not what was asked for, and count with no points.", count=odd,
                        all=known.outcomes.total())  # fmt: skip
        yield f"<p>{told}</p>"
    if without := known.students - known.outcomes.total():
        yield f"<p>{say.text('{count} have no score: nothing in time, or a fault of ours.', count=without)}</p>"


def distribution(known: Statistics, say: Both, number: str) -> Iterator[str]:
    """Yield how the scores are distributed."""
    counts = known.distribution()
    yield f"<h3>{say.text('Scores')}</h3>"
    caption = say.text("How many students have how many percent of the points: {count} scores, the median is {median} %",
                       count=known.percents.total(), median=known.quantile(0.5))  # fmt: skip
    yield figure(f"{number}-d", plots.distribution(counts, f"{number}-d"), caption)
    rows = [[f"{10 * n}–{10 * n + 9 + (n == 9)} %", str(count)] for n, count in enumerate(counts)]
    made = table(f"{number}-dt", say.text("Scores"), [say.text("percent"), say.text("students")], rows, "numbers")
    yield f"<details><summary>{say.text('The figures')}</summary>{made}</details>"


def items(known: Statistics, say: Both, number: str) -> Iterator[str]:
    """Yield how hard each test is, and how well it tells strong students from weak ones."""
    found = list(known.items.values())
    ids = [item.info.id for item in found]
    yield f"<h3>{say.text('Tests')}</h3>"
    told = say.text(
        "p is the share that passes a test. r is the correlation between passing it and the points of all other tests: below "
        "0.2 a test hardly tells strong students from weak ones, below 0 look at the test (a rule of thumb: Ebel and Frisbie, "
        "Essentials of Educational Measurement, 1991). There is no r where all pass or all fail."
    )
    yield f"<p>{told}</p>"
    if max(item.asked for item in found) < FEW:
        yield f"<p>{say.text('There are fewer than {count} students: r is a guess.', count=FEW)}</p>"
    drawing = plots.items(ids, [one.difficulty for one in found], [one.discrimination for one in found], f"{number}-i")
    caption = say.text("Difficulty p and discrimination r of each test, from top to bottom as in the table")
    yield figure(f"{number}-i", drawing, caption)
    heads = [say.text("test"), say.text("category"), say.text("kind"), say.text("points"), say.text("passed"), "p", "r"]
    rows = []
    for item in found:
        hidden = item.info.visibility is Visibility.HIDDEN
        kind = say.text("hidden test") if hidden else say.text("public test")
        r = item.discrimination
        rows.append([
            f"<code>{shown(item.info.id, NAME)}</code>", say.text(item.info.category), kind, str(item.info.points),
            f"{item.passed}/{item.asked}", f"{item.difficulty:.2f}", "–" if r is None else f"{r:.2f}",
        ])  # fmt: skip
    yield table(f"{number}-it", say.text("Difficulty and discrimination"), heads, rows)


def groups(part: Part, names: Names, say: Both) -> Iterator[str]:
    """Yield the groups that fail alike, the largest first, and the samples that each is like."""
    found = sorted(part.statistics.groups.items(), key=lambda pair: (-len(pair[1]), pair[0].failed, pair[0].findings))
    if not found:
        return
    yield f"<h3>{say.text('Who fails alike')}</h3>"
    told = say.text(
        "In a group the same tests fail, and the same was found in hidden ones. Samples are compared by what is proven of them: "
        "100 % of the tests means that exactly the same ones fail."
    )
    yield f"<p>{told}</p><p>{say.text('{count} groups', count=len(found))}</p>"
    for group, who in found[:GROUPS]:
        yield f'<section class="group"><dl>{"".join(group_rows(group, who, part, names, say))}</dl></section>'
    yield from more(len(found) - GROUPS, say)


def group_rows(group: Failing, who: Sequence[str], part: Part, names: Names, say: Both) -> Iterator[str]:
    """Yield what there is to say of a group."""
    ordered = sorted(who, key=names.key)
    people = ", ".join(names.of(student, say) for student in ordered[:NAMES])
    if len(ordered) > NAMES:
        people += " " + say.text("and {count} more", count=len(ordered) - NAMES)
    yield f"<dt>{say.text('students')}</dt><dd><strong>{len(who)}</strong> ({people})</dd>"
    yield f"<dt>{say.text('the same tests fail')}</dt><dd>{named(group.failed, say)}</dd>"
    if found := dict.fromkeys(text for _, text in group.findings):
        said = [both(part.statistics.texts.get(text, same(text))) for text in [*found][:FINDINGS]]
        yield f"<dt>{say.text('what was found')}</dt><dd>{listed(said)}</dd>"
    if alike := likenesses(group, part.samples):
        yield f"<dt>{say.text('like the sample')}</dt><dd>{listed(resembles(one, say) for one in alike)}</dd>"


def listed(items: Iterable[str]) -> str:
    """Return a list of what is HTML."""
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def resembles(one: Likeness, say: Both) -> str:
    """Say which sample a group is like, and how much."""
    if one.findings is None:
        shares = say.text("{tests} % of the tests", tests=round(100 * one.tests))
    else:
        shares = say.text("{tests} % of the tests, {findings} % of the findings", tests=round(100 * one.tests),
                          findings=round(100 * one.findings))  # fmt: skip
    return f"<code>{shown(one.known.name)}</code> <small>{shares}</small>: {shown(one.known.about, 400)}"


def progress(days: Sequence[Day], say: Both, number: str) -> Iterator[str]:
    """Yield what was handed in over time, and how far the class had come."""
    yield f"<h3>{say.text('Progress')}</h3>"
    first, last = days[0], days[-1]
    caption = say.text(
        "From {first} to {last} (UTC), by day or week: above, the mean of everybody's best so far, now {mean} %; below, how "
        "often something was handed in, {count} times in all", first=first.begins.isoformat(), last=last.begins.isoformat(),
        mean=round(last.mean), count=sum(day.handed_in for day in days),
    )  # fmt: skip
    drawing = plots.progress([f"{day.begins:%m-%d}" for day in days], [day.handed_in for day in days],
                             [day.mean for day in days], f"{number}-p")  # fmt: skip
    yield figure(f"{number}-p", drawing, caption)
    heads = [say.text("from"), say.text("attempts"), say.text("students so far"), say.text("mean of the best")]
    rows = [[day.begins.isoformat(), str(day.handed_in), str(day.students), f"{day.mean:.1f} %"] for day in days]
    made = table(f"{number}-pt", say.text("Progress"), heads, rows, "numbers")
    yield f"<details><summary>{say.text('The figures')}</summary>{made}</details>"
