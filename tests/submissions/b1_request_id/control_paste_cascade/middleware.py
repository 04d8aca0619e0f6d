from paste.cascade import Cascade

import re
import uuid

KEY = "yingdan.request_id"
GOOD = re.compile(r"[A-Za-z0-9._-]{1,64}")


def new_id():
    return uuid.uuid4().hex


class Plain:
    def __init__(self, app, header="X-Request-ID", make_id=None):
        self.app = app
        self.header = header
        self.key = "HTTP_" + header.upper().replace("-", "_")
        self.make_id = make_id or new_id

    def request_id(self, environ):
        incoming = environ.get(self.key, "")
        return incoming if GOOD.fullmatch(incoming) else self.make_id()

    def with_id(self, headers, request_id):
        others = [(name, value) for name, value in headers if name.lower() != self.header.lower()]
        return others + [(self.header, request_id)]

    def inside(self, environ, start_response):
        request_id = environ[KEY] = self.request_id(environ)

        def start(status, headers, exc_info=None):
            return start_response(status, self.with_id(headers, request_id), exc_info)

        return self.app(environ, start)

    def __call__(self, environ, start_response):
        return self.inside(environ, start_response)


def RequestId(app, **options):
    return Cascade([Plain(Cascade([app]), **options)])
