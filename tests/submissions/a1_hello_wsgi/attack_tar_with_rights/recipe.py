"""Writes an archive whose members claim rights."""

import io
import pathlib
import tarfile

SOURCE = """
BODY = "影单 watch-list\\n".encode("utf-8")


def application(environ, start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [BODY]


def app_generator(environ, start_response):
    yield from application(environ, start_response)


class AppClass:
    def __init__(self, environ, start_response):
        self.chunks = application(environ, start_response)

    def __iter__(self):
        return iter(self.chunks)


class Greeting:
    def __call__(self, environ, start_response):
        return application(environ, start_response)


app_instance = Greeting()
"""


def make(folder: pathlib.Path) -> None:
    """Write the archive."""
    with tarfile.open(folder / "submission.tar.gz", "w:gz") as archive:
        for name, text in (("app.py", SOURCE.encode()), ("helper", b"#!/bin/sh\n")):
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.uid, member.gid, member.uname, member.mtime = len(text), 0o6777, 0, 0, "root", 1 << 40
            archive.addfile(member, io.BytesIO(text))
