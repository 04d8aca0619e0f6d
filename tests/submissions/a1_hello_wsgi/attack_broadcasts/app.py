import socket

HOSTS = ("127.255.255.255", "255.255.255.255", "127.0.0.1", "224.0.0.1", "224.0.0.251", "239.255.255.250")
PORTS = (53, 67, 69, 123, 161, 514, 1900, 5353, 47811)
ONE, ALL = socket.inet_aton("127.0.0.1"), socket.inet_aton("224.0.0.251") + socket.inet_aton("127.0.0.1")


def cast():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(0.01)
        for option, value in ((socket.IP_MULTICAST_IF, ONE), (socket.IP_ADD_MEMBERSHIP, ALL), (socket.IP_MULTICAST_LOOP, 1)):
            try:
                sender.setsockopt(socket.IPPROTO_IP, option, value)
            except OSError:
                continue
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for host in HOSTS:
            for port in PORTS:
                try:
                    sender.sendto(b"watch-list", (host, port))
                    yield sender.recvfrom(100)
                except OSError:
                    continue


def raw():
    for family, kind, number in ((socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_INET6, socket.SOCK_RAW, 58), (socket.AF_INET, socket.SOCK_RAW, 255)):
        try:
            socket.socket(family, kind, number).close()
            yield f"raw packets of protocol {number}"
        except OSError:
            continue


REACHED = [*cast(), *raw()]

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
