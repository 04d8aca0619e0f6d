"""Sockets that come out of a box: a connection to a server that the submission opened on the box's own loopback.

The zygote makes it, which runs no line of a submission, and hands it out (SCM_RIGHTS, unix(7)) over a socket that no
submission has. So what arrives is never chosen by a submission; that it is a TCP connection to the port which was asked
for, and nothing else, is checked all the same.
"""

from __future__ import annotations

import os
import socket

from grader.errors import EngineFault

HOST = "127.0.0.1"


class WrongSocket(EngineFault):
    """A box handed out something that it must not have: a fault of ours, never the student's."""


def tcp_socket(descriptor: int) -> socket.socket:
    """Take a descriptor for what a zygote may hand out: a TCP socket that does not listen.

    Raises:
        WrongSocket: it is something else, and closed again.
    """
    try:
        client = socket.socket(fileno=descriptor)
    except OSError:
        os.close(descriptor)
        raise WrongSocket("a box handed out a descriptor that is no socket") from None
    protocol = client.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL)
    listens = client.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if (client.family, client.type, protocol) != (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) or listens:
        client.close()
        raise WrongSocket("a box handed out a socket of another kind")
    return client


def connected_to(port: int, client: socket.socket) -> socket.socket | None:
    """Return a client that is connected to a port of a loopback; None if the other side has ended it already.

    Raises:
        WrongSocket: it is connected to somewhere else, and closed again.
    """
    try:
        peer = client.getpeername()
    except OSError:
        client.close()
        return None
    if peer != (HOST, port):
        client.close()
        raise WrongSocket("a box handed out a connection to somewhere else")
    return client
