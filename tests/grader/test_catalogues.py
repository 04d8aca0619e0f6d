"""Every text of the engine that a student reads exists in every language; `grader verify` proves the texts of exercises."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import archives
from grader.catalogues import ENGINE_FOLDER, Catalogue, catalogue_file, read
from grader.course import MANIFEST
from grader.errors import UsageError
from grader.models import CATEGORIES, LANGUAGES, Outcome, Verdict
from grader.proving import languages
from grader.testing import feedback, rules, terminal

ROOT = Path(__file__).parents[2]
EXERCISES = sorted(path.parent for path in ROOT.glob(f"exercises/*/{MANIFEST}"))
HIDDEN = sorted({path.parent for path in ROOT.glob("tests/hidden/*/test_*.py")})
FOLDERS = [ENGINE_FOLDER, *EXERCISES, *HIDDEN]
CATALOGUES = [catalogue_file(folder, language) for folder in FOLDERS for language in LANGUAGES if language != "en"]

KEYS_AT: dict[str, tuple[int, ...]] = {
    "text": (0,), "word": (0,), "Finding": (0, 1), "problem": (1,), "broke": (1,), "NotRun": (0,), "Unacceptable": (0,),
    "Unavailable": (0,), "Unsuited": (0, 1), "Misuse": (0,),
    "Obstacle": (0,), "Untakable": (0,),
}  # fmt: skip
"""Functions of the engine that take texts, and where among their arguments; each may have ``look`` by keyword too."""


# -- which texts there are


def key_arguments(call: ast.Call) -> list[ast.expr]:
    """Return the arguments of a call that are texts to translate."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name not in KEYS_AT:
        return []
    by_keyword = [keyword.value for keyword in call.keywords if keyword.arg == "look"]
    return [call.args[position] for position in KEYS_AT[name] if position < len(call.args)] + by_keyword


def literals(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for part in (node.body, node.orelse) if isinstance(node, ast.IfExp) else getattr(node, "elts", ()):
        yield from literals(part)


def source_keys(tree: ast.AST) -> Iterator[str]:
    """Yield the texts that a source looks up: in a call itself, or in the tuple that a loop around it goes through."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (key for argument in key_arguments(node) for key in literals(argument))
        elif isinstance(node, ast.For):
            calls = [call for line in node.body for call in ast.walk(line) if isinstance(call, ast.Call)]
            names = {
                argument.id for call in calls for argument in key_arguments(call) if isinstance(argument, ast.Name)
            }
            if isinstance(node.target, ast.Name) and node.target.id in names:
                yield from literals(node.iter)


def put_together(tree: ast.AST) -> list[str]:
    """Return the texts that are no constants when they are looked up, so that no catalogue can have them."""
    arguments = [found for node in ast.walk(tree) if isinstance(node, ast.Call) for found in key_arguments(node)]
    return [ast.unparse(argument) for argument in arguments if isinstance(argument, (ast.JoinedStr, ast.BinOp))]


def engine_sources() -> dict[Path, ast.Module]:
    """Return every module of the engine, parsed."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.glob("grader/**/*.py"))}


def engine_keys() -> set[str]:
    """Return every text of the engine that is looked up."""
    keys = {key for tree in engine_sources().values() for key in source_keys(tree)}
    keys.update(terminal.LABELS, CATEGORIES, Verdict, Outcome, archives.REASONS.values())
    keys.update({feedback.ANSWERED, feedback.SKIPPED_FOR}, feedback.COMPARED.values(), feedback.HAPPENED.values())
    keys.update(feedback.LOOK.values(), feedback.WORDS.values())
    keys.update(rule.look for rule in vars(rules).values() if isinstance(rule, rules.Rule))
    return {str(key) for key in keys if key}


def name_of(path: Path) -> str:
    """Name a test case by the place of its file."""
    return path.relative_to(ROOT).as_posix()


# -- how they are translated


@pytest.mark.parametrize("language", languages.OTHERS)
def test_the_catalogue_of_the_engine_has_all_of_its_texts_and_no_other_and_is_well_written(language: str) -> None:
    wanted = dict.fromkeys(engine_keys(), "the engine")
    found = languages.catalogue(catalogue_file(ENGINE_FOLDER, language), wanted)
    assert [f"{one.at} {one.text}" for one in found] == []


def test_every_catalogue_belongs_to_a_folder_with_texts() -> None:
    places = (ROOT / "grader", ROOT / "exercises", ROOT / "tests" / "hidden", ROOT / "solutions")
    assert sorted(path for place in places for path in place.rglob("*.po")) == sorted(CATALOGUES)


def test_a_text_in_several_catalogues_has_one_translation() -> None:
    said: dict[tuple[str, str], set[str]] = {}
    for path in CATALOGUES:
        for key, translation in read(path).items():
            said.setdefault((path.name, key), set()).add(translation)
    assert not {key: translations for key, translations in said.items() if len(translations) > 1}


def test_no_text_of_the_engine_is_put_together_before_it_is_looked_up() -> None:
    found = {name_of(path): put_together(tree) for path, tree in engine_sources().items()}
    assert not {name: texts for name, texts in found.items() if texts}


# -- the checks themselves


@pytest.mark.parametrize(
    ("source", "keys"),
    [
        ("catalogue.word('TRACE', language)", ["TRACE"]),
        ("self.word('hidden test' if hidden else 'public test')", ["hidden test", "public test"]),
        ("for key in ('id', 'name'):\n    table.add_column(report.word(key))", ["id", "name"]),
        ("for name in (*names, 'score'):\n    table.add_column(self.word(name), justify='right')", ["score"]),
        ("raise Finding('happened', 'look', name=public('no key'))", ["happened", "look"]),
        ("raise Finding('happened', look='look', name=name)", ["happened", "look"]),
        ("self.broke(rules.WRITE, 'happened', type='no key')", ["happened"]),
        ("self.problems.append(problem(rules.INPUT, 'happened'))", ["happened"]),
        ("raise NotRun('reason')", ["reason"]),
        ("raise Unacceptable('{file} is odd', file='no key')", ["{file} is odd"]),
        ("for name in ('no key',):\n    report.row(name)", []),
    ],
)
def test_a_text_in_a_source_is_found(source: str, keys: list[str]) -> None:
    assert list(source_keys(ast.parse(source))) == keys


@pytest.mark.parametrize("source", ["catalogue.word(f'{count} tests', 'en')", "raise Finding('the header ' + name)"])
def test_a_text_that_is_put_together_is_found(source: str) -> None:
    assert put_together(ast.parse(source))


@pytest.mark.parametrize(
    ("english", "chinese", "complaint"),
    [
        ("{sent} bytes", "{send} 个字节", "placeholders"),
        ("{sent} bytes", "几个字节", "placeholders"),
        ("the body", "the body", "not Chinese"),
        ("first, second", "先,后", "half-width"),
        ("what?", "什么?", "half-width"),
        ("a list (empty)", "列表(空)", "half-width"),
        ("the app", "你的app", "blank between Chinese and Latin"),
        ("{sent} bytes", "{sent}个字节", "blank between Chinese and Latin"),
        ("raised {phase}", "{phase} 抛出", "blank between Chinese characters"),
    ],
)
def test_a_bad_translation_is_found(english: str, chinese: str, complaint: str) -> None:
    assert complaint in "".join(languages.badly_written(english, chinese))


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("the status line was {status}: not three digits, a blank and a reason", "状态行是 {status}"),
        ("{phase}, your code raised {type}", "你的代码在{phase}抛出了异常：{type}"),
        ("print '影:'", "打印 '影:' 看看"),
        (" ({place})", "（{place}）"),
    ],
)
def test_a_good_translation_passes(english: str, chinese: str) -> None:
    assert not languages.badly_written(english, chinese)


# -- how they are looked up


def write_catalogue(folder: Path, entries: str) -> None:
    catalogue_file(folder, "zh-CN").write_text(f'msgid ""\nmsgstr ""\n\n{entries}\n', encoding="utf-8")


def test_a_folder_adds_its_texts_to_those_of_the_engine(tmp_path: Path) -> None:
    write_catalogue(tmp_path, 'msgid "the {shape} greets"\nmsgstr "{shape}问好"')
    catalogue = Catalogue([None, tmp_path])
    shape = {"en": "class", "zh-CN": "类"}
    assert catalogue.text("the {shape} greets", shape=shape) == {"en": "the class greets", "zh-CN": "类问好"}
    assert catalogue.word("WHY", "zh-CN") == "为什么"


def test_an_unfinished_text_stays_english(tmp_path: Path) -> None:
    write_catalogue(tmp_path, '#, fuzzy\nmsgid "one"\nmsgstr "一"\n\nmsgid "two"\nmsgstr ""')
    catalogue = Catalogue([tmp_path])
    assert [catalogue.word(key, "zh-CN") for key in ("one", "two", "three")] == ["one", "two", "three"]


def test_a_broken_catalogue_is_named(tmp_path: Path) -> None:
    write_catalogue(tmp_path, 'msgid "one\nmsgstr')
    with pytest.raises(UsageError, match=re.escape(str(catalogue_file(tmp_path, "zh-CN")))):
        Catalogue([tmp_path]).word("one", "zh-CN")
