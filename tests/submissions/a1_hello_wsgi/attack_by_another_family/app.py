import ctypes
import platform
import socket

FAMILIES = {"AX.25": 3, "key": 15, "netlink": 16, "packet": 17, "RDS": 21, "CAN": 29, "TIPC": 30, "Bluetooth": 31, "crypto": 38,
            "virtual machines": 40, "kernel connections": 41, "XDP": 44}
KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET)
HIGH = 1 << 32
SOCKET, CONNECT = {"x86_64": (41, 42), "aarch64": (198, 203)}.get(platform.machine(), (-1, -1))
ADDRESS = b"\x02\0" + (47811).to_bytes(2, "big") + bytes((127, 0, 0, 1)) + bytes(8)
call = ctypes.CDLL(None).syscall


def opened():
    for name, family in FAMILIES.items():
        for kind in KINDS:
            for bits in (0, HIGH, HIGH << 3):
                if call(ctypes.c_long(SOCKET), ctypes.c_ulong(bits | family), ctypes.c_long(kind), ctypes.c_long(0)) >= 0:
                    yield name
    internet = call(ctypes.c_long(SOCKET), ctypes.c_ulong(HIGH | socket.AF_INET), ctypes.c_long(socket.SOCK_STREAM), ctypes.c_long(0))
    if call(ctypes.c_long(CONNECT), ctypes.c_long(internet), ADDRESS, ctypes.c_long(len(ADDRESS))) == 0:
        yield "a service of this machine"


REACHED = sorted(set(opened()))

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
