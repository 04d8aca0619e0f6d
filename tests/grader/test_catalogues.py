"""Every text that a student reads exists in every language, well written; statements and hints are one text each, twice."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

from grader import archives
from grader.catalogues import ENGINE_FOLDER, Catalogue, catalogue_file, read
from grader.course import MANIFEST, load_exercise
from grader.errors import UsageError
from grader.models import CATEGORIES, LANGUAGES, Outcome, Verdict
from grader.statement import ANCHOR
from grader.testing import feedback, rules, terminal
from grader.testing.texts import module_texts

ROOT = Path(__file__).parents[2]
EXERCISES = sorted(path.parent for path in ROOT.glob(f"exercises/*/{MANIFEST}"))
HIDDEN = sorted({path.parent for path in ROOT.glob("tests/hidden/*/test_*.py")})
FOLDERS = [ENGINE_FOLDER, *EXERCISES, *HIDDEN]
CATALOGUES = [catalogue_file(folder, language) for folder in FOLDERS for language in LANGUAGES if language != "en"]

KEYS_AT: dict[str, tuple[int, ...]] = {
    "text": (0,), "word": (0,), "Finding": (0, 1), "problem": (1,), "broke": (1,), "NotRun": (0,), "Unacceptable": (0,),
    "Unavailable": (0,), "Unsuited": (0, 1),
}  # fmt: skip
"""Functions of the engine that take texts, and where among their arguments; each may have ``look`` by keyword too."""

PLACEHOLDER = re.compile(r"\{(\w*)\}")
CHINESE_VALUES = frozenset({"phase", "place", "reason", "category", "categories"})
"""Placeholders that Chinese words are put in for; for all others it is code or a number."""
HAN, LATIN = "[\u4e00-\u9fff]", "[A-Za-z0-9_]"
PLURALS = {"zh-CN": "nplurals=1; plural=0;"}
CODE = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"")
FENCED = re.compile(rb"^(```+)[^\n]*\n.*?^\1[ \t\r]*$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(rb"^(#{1,6}) ", re.MULTILINE)


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
    keys.update({feedback.ANSWERED, feedback.SKIPPED_FOR})
    keys.update(feedback.HAPPENED.values(), feedback.LOOK.values(), feedback.WORDS.values())
    keys.update(rule.look for rule in vars(rules).values() if isinstance(rule, rules.Rule))
    return {str(key) for key in keys if key}


def keys_of(folder: Path) -> set[str]:
    """Return every text that the catalogues of a folder are for."""
    if folder == ENGINE_FOLDER:
        return engine_keys()
    handed_in = load_exercise(folder, ROOT).files if folder in EXERCISES else ()
    modules = [path for path in folder.glob("*.py") if path.name not in handed_in]
    return {key for module in modules for key in module_texts(module).keys}


def name_of(path: Path) -> str:
    """Name a test case by the place of its file."""
    return path.relative_to(ROOT).as_posix()


# -- how they are translated


def placeholders(text: str) -> list[str]:
    """Return the {names} in a text."""
    return sorted(PLACEHOLDER.findall(text))


def filled(chinese: str) -> str:
    """Return a Chinese text with something like a value in place of each {name} and of code."""
    return CODE.sub("x", PLACEHOLDER.sub(lambda match: "中" if match[1] in CHINESE_VALUES else "1", chinese))


def complaints(english: str, chinese: str) -> list[str]:
    """Return what is wrong with a Chinese text."""
    text = filled(chinese)
    has_words = re.search("[A-Za-z]", PLACEHOLDER.sub("", english))
    wrong = {
        "has other placeholders": placeholders(english) != placeholders(chinese),
        "is not Chinese": has_words and not re.search(HAN, chinese),
        "has half-width punctuation after a Chinese character": re.search(f"{HAN}[,.:;?!(]", text),
        "lacks a blank between Chinese and Latin": re.search(f"{HAN}{LATIN}|{LATIN}{HAN}", text),
        "has a blank between Chinese characters": re.search(f"{HAN} +{HAN}", text),
    }
    return [f"{chinese!r} {complaint}" for complaint, found in wrong.items() if found]


def faults(path: Path) -> list[str]:
    """Return what is wrong with the form of a catalogue, and with its entries one by one."""
    catalogue = polib.pofile(str(path), encoding="utf-8", check_for_duplicates=True)
    language = path.name.split(".")[1]
    wanted = {"Language": language, "Content-Type": "text/plain; charset=UTF-8", "Plural-Forms": PLURALS[language]}
    found = [f"{key} is not {value!r}" for key, value in wanted.items() if catalogue.metadata.get(key) != value]
    found += [f"{entry.msgid!r} is obsolete" for entry in catalogue.obsolete_entries()]
    found += [f"{entry.msgid!r} is fuzzy" for entry in catalogue if entry.fuzzy]
    return found + [complaint for entry in catalogue for complaint in complaints(entry.msgid, entry.msgstr)]


def gaps(path: Path) -> list[str]:
    """Return the texts that a catalogue lacks, and the entries that nothing uses."""
    wanted, translated = keys_of(path.parent), set(read(path))
    entries = {entry.msgid for entry in polib.pofile(str(path), encoding="utf-8")} if path.is_file() else set()
    missing = [f"not translated: {key!r}" for key in sorted(wanted - translated)]
    return missing + [f"not used: {key!r}" for key in sorted(entries - wanted)]


@pytest.mark.parametrize("path", CATALOGUES, ids=name_of)
def test_a_catalogue_has_every_text_of_its_folder_and_no_other(path: Path) -> None:
    assert not gaps(path)


@pytest.mark.parametrize("path", CATALOGUES, ids=name_of)
def test_a_catalogue_is_well_formed_and_well_written(path: Path) -> None:
    assert not faults(path)


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
    assert complaint in "".join(complaints(english, chinese))


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
    assert not complaints(english, chinese)


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


# -- statements and hints


def outline(markdown: bytes) -> dict[str, object]:
    """Return what a text has in common with its translations: anchors, code blocks, headings by level."""
    prose = FENCED.sub(b"", markdown)
    return {
        "anchors": ANCHOR.findall(markdown.decode("utf-8")),
        "code blocks": [match[0] for match in FENCED.finditer(markdown)],
        "headings": Counter(len(marks) for marks in HEADING.findall(prose)),
        "open code blocks": prose.count(b"```"),
    }


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
@pytest.mark.parametrize("stem", ["README", "hints"])
@pytest.mark.parametrize("folder", EXERCISES, ids=name_of)
def test_a_text_and_its_translation_have_the_same_outline(folder: Path, stem: str, language: str) -> None:
    english, translated = folder / f"{stem}.md", folder / f"{stem}.{language}.md"
    assert english.is_file()
    assert translated.is_file()
    assert outline(translated.read_bytes()) == outline(english.read_bytes())


@pytest.mark.parametrize(
    "changed",
    [
        "# 标题\n\n```python\nprint(1)\n```\n",
        '# 标题\n\n<a id="two"></a>句子\n\n```python\nprint(1)\n```\n',
        '# 标题\n\n<a id="one"></a>句子\n\n```python\nprint(2)\n```\n',
        '# 标题\n\n<a id="one"></a>句子\n',
        '# 标题\n\n## 小标题\n\n<a id="one"></a>句子\n\n```python\nprint(1)\n```\n',
    ],
)
def test_another_outline_is_found(changed: str) -> None:
    english = '# Title\n\n<a id="one"></a>Sentence\n\n```python\nprint(1)\n```\n'
    assert outline(changed.encode()) != outline(english.encode())
