"""A small course that proves itself: two exercises, the second of which has the tests of the first one again."""

from __future__ import annotations

from pathlib import Path

HEADER = """msgid ""
msgstr ""
"Language: zh-CN\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"""

APP = """def application(environ, start_response):
    body = {body}
    start_response("200 OK", [{headers}])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
"""
LENGTH = '("Content-Length", str(len(body)))'
POLITE = '("X-Polite", "yes")'
IMPOLITE = '("X-Polite", "yes" if environ["PATH_INFO"] == "/" else "no")'
NOTHING = """def application(environ, start_response):
    start_response("404 Not Found", [])
    return []
"""
MUTE = 'b"hello\\n"'


def app(*headers: str, body: str = MUTE) -> str:
    """Return the source of an application."""
    return APP.format(body=body, headers=", ".join(headers))


def catalogue(**texts: str) -> str:
    """Return a catalogue; names of arguments stand for keys in `KEYS`."""
    return HEADER + "".join(f'\nmsgid "{KEYS[name]}"\nmsgstr "{text}"\n' for name, text in texts.items())


KEYS = {
    "greets": "the body is the greeting",
    "greets_look": "which bytes are in the body?",
    "length": "the answer says how long its body is",
    "length_look": "how many bytes are in the body?",
    "polite": "the answer is polite",
    "polite_look": "the list of headers",
    "paths": "the answer is polite on every path",
    "paths_look": "what depends on the path?",
}


def expected(kind: str, about: str, *failed: str, more: str = "") -> str:
    """Return an expected.toml."""
    listed = "".join(f'    "{name}",\n' for name in failed)
    lines = f"failed = [\n{listed}]" if len(failed) > 1 else f"failed = {list(failed)}".replace("'", '"')
    return f'# Kept.\nkind = "{kind}"\nabout = "{about}"\n{lines}\nskipped = []\n{more}'


W1, W2 = "w1_greeting", "w2_greeting_again"
FILES = {
    "README.md": "# A course\n",
    f"exercises/{W1}/exercise.toml": """kind = "graded"
files = ["app.py"]
entry = "app:application"
title = {en = "A greeting", zh-CN = "问候"}

# What runs at grading: written from the hidden tests, never by hand.

[[hidden]]
id = "test_says_how_long"
category = "protocol"
points = 60
[hidden.title]
en = "the answer says how long its body is"
zh-CN = "响应说明响应体有多长"
""",
    f"exercises/{W1}/README.md": """# A greeting

- <a id="greeting"></a>The body is `hello` and a newline.
- <a id="length"></a>The header `Content-Length` says how many bytes the body has.

## Points

```python
print("hello")
```

The public tests are worth 40 points.
""",
    f"exercises/{W1}/README.zh-CN.md": """# 问候

- <a id="greeting"></a>响应体是 `hello` 和一个换行符。
- <a id="length"></a>响应头 `Content-Length` 说明响应体有多少个字节。

## 分值

```python
print("hello")
```

公开测试共 40 分。
""",
    f"exercises/{W1}/hints.md": "# Hints\n\n## 1\n\nWhat does a client read?\n\n## 2\n\nBytes.\n",
    f"exercises/{W1}/hints.zh-CN.md": "# 提示\n\n## 1\n\n客户端读到什么？\n\n## 2\n\n字节。\n",
    f"exercises/{W1}/app.py": '"""TODO."""\n\n\ndef application(environ, start_response):\n    raise NotImplementedError\n',
    f"exercises/{W1}/test_greeting.py": '''from pytest import mark


@mark.points(40, "correctness", statement="greeting")
def test_greets(app, trace):
    """the body is the greeting"""
    assert trace(app, "GET", "/").body == b"hello\\n", "which bytes are in the body?"
''',
    f"exercises/{W1}/messages.zh-CN.po": catalogue(greets="响应体就是那句问候", greets_look="响应体里是哪些字节？"),
    f"solutions/{W1}/app.py": app(LENGTH),
    f"tests/hidden/{W1}/test_length.py": '''from pytest import mark

LEAK_MARKER = "leak-marker-3f9a61c7-w1"


@mark.points(60, "protocol", statement="length")
def test_says_how_long(app, trace):
    """the answer says how long its body is"""
    seen = trace(app, "GET", "/")
    assert seen.body, "which bytes are in the body?"
    assert seen.header("Content-Length") == str(len(seen.body)), "how many bytes are in the body?"
''',
    f"tests/hidden/{W1}/messages.zh-CN.po": catalogue(
        length="响应说明响应体有多长", length_look="响应体有多少个字节？", greets_look="响应体里是哪些字节？"
    ),
    f"tests/submissions/{W1}/lower_case/app.py": app('("content-length", str(len(body)))'),
    f"tests/submissions/{W1}/lower_case/expected.toml": expected("alternative", "The name is in lower case."),
    f"tests/submissions/{W1}/no_length/app.py": app(),
    f"tests/submissions/{W1}/no_length/expected.toml": expected("misconception", "No length.", "test_says_how_long"),
    f"tests/submissions/{W1}/not_found/app.py": NOTHING,
    f"tests/submissions/{W1}/not_found/expected.toml": expected(
        "do-nothing", "Always 404.", "test_greets", "test_says_how_long"
    ),
    f"exercises/{W2}/exercise.toml": """kind = "graded"
files = ["app.py"]
entry = "app:application"
title = {en = "A greeting again", zh-CN = "再次问候"}
same_tests_as = ["w1"]
parity_points = {public = 20, hidden = 30}

# What runs at grading: written from the hidden tests, never by hand.

[[hidden]]
id = "test_polite_everywhere"
category = "design"
points = 30
[hidden.title]
en = "the answer is polite on every path"
zh-CN = "在每个路径上，响应都有礼貌"

[[hidden]]
id = "w1.test_says_how_long"
category = "protocol"
points = 30
[hidden.title]
en = "the answer says how long its body is"
zh-CN = "响应说明响应体有多长"
""",
    f"exercises/{W2}/README.md": '# Again\n\n<a id="polite"></a>The header `X-Polite` is `yes`.\n',
    f"exercises/{W2}/README.zh-CN.md": '# 再次\n\n<a id="polite"></a>响应头 `X-Polite` 的值是 `yes`。\n',
    f"exercises/{W2}/hints.md": "# Hints\n\n## 1\n\nOne header more.\n",
    f"exercises/{W2}/hints.zh-CN.md": "# 提示\n\n## 1\n\n多一个响应头。\n",
    f"exercises/{W2}/app.py": '"""TODO."""\n\n\ndef application(environ, start_response):\n    raise NotImplementedError\n',
    f"exercises/{W2}/test_again.py": '''from pytest import mark


@mark.points(20, "design", statement="polite")
def test_polite(app, trace):
    """the answer is polite"""
    assert trace(app, "GET", "/").header("X-Polite") == "yes", "the list of headers"
''',
    f"exercises/{W2}/messages.zh-CN.po": catalogue(polite="响应有礼貌", polite_look="响应头列表"),
    f"solutions/{W2}/app.py": app(LENGTH, POLITE),
    f"tests/hidden/{W2}/test_paths.py": '''from pytest import mark

LEAK_MARKER = "leak-marker-84be02d5-w2"


@mark.points(30, "design", statement="polite")
def test_polite_everywhere(app, trace):
    """the answer is polite on every path"""
    assert trace(app, "GET", "/films").header("X-Polite") == "yes", "what depends on the path?"
''',
    f"tests/hidden/{W2}/messages.zh-CN.po": catalogue(
        paths="在每个路径上，响应都有礼貌", paths_look="哪些东西取决于路径？"
    ),
    f"tests/submissions/{W2}/other_order/app.py": app(POLITE, LENGTH),
    f"tests/submissions/{W2}/other_order/expected.toml": expected("alternative", "The headers are in another order."),
    f"tests/submissions/{W2}/one_path/app.py": app(LENGTH, IMPOLITE),
    f"tests/submissions/{W2}/one_path/expected.toml": expected("misconception", "One path.", "test_polite_everywhere"),
    f"tests/submissions/{W2}/not_found/app.py": NOTHING,
    f"tests/submissions/{W2}/not_found/expected.toml": expected(
        "do-nothing", "Always 404.", "test_polite", "test_polite_everywhere", "w1.test_greets", "w1.test_says_how_long"
    ),
}


def write(folder: Path) -> Path:
    """Write the course into a folder."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return folder


def write_packages(folder: Path) -> Path:
    """Write the same course with packages in place of files: ``hello/`` for ``app.py``."""
    for name, text in FILES.items():
        path = folder / name.replace("/app.py", "/hello/__init__.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = text.replace('files = ["app.py"]', 'files = ["hello/"]').replace(
            '"app:application"', '"hello:application"'
        )
        path.write_text(text, encoding="utf-8", newline="\n")
    return folder
