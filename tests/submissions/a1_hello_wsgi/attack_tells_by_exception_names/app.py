import builtins

NAMES = sorted(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, Exception) and not issubclass(value, (StopIteration, MemoryError, UnicodeError))
)
LETTERS = "/abcdefghijklmnopqrstuvwxyz0123456789-_.?="
SEEN = []


def application(environ, start_response):
    path = environ["PATH_INFO"]
    SEEN.append(path)
    letter = (path * 40)[SEEN.count(path) - 1]
    kind = getattr(builtins, NAMES[LETTERS.find(letter)])
    raise kind(environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"))


app_generator = AppClass = app_instance = application
