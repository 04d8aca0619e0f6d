import socket

PORTS = (22, 80, 2375, 5432, 6379, 8080, 47811)
IPV4 = ("0.0.0.0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.255.255.254", "255.255.255.255", "10.0.2.2", "172.17.0.1")
IPV6 = ("::1", "::", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "64:ff9b::7f00:1", "fe80::1%lo", "::ffff:169.254.169.254")


def addresses():
    for port in PORTS:
        yield from ((socket.AF_INET, (host, port)) for host in IPV4)
        for host in IPV6:
            bare, _, scope = host.partition("%")
            yield socket.AF_INET6, (bare, port, 0, 1 if scope else 0)


def visit(family, address):
    with socket.socket(family) as client:
        client.settimeout(0.05)
        try:
            client.connect(address)
        except OSError:
            return
        yield address


REACHED = [found for one in addresses() for found in visit(*one)]

BODY = "影单 watch-list\n".encode("utf-8")


def start(start_response):
    if REACHED:
        raise LookupError(f"reached {REACHED}")
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)


def chunks(environ):
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [BODY]


def application(environ, start_response):
    start(start_response)
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
