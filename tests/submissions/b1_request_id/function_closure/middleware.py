import re
import secrets


def RequestId(app, header="X-Request-ID", make_id=lambda: secrets.token_hex(16)):
    make = make_id or (lambda: secrets.token_hex(16))

    def wrapped(environ, start_response):
        found = environ.get("HTTP_" + header.replace("-", "_").upper(), "")
        name = environ["yingdan.request_id"] = found if re.fullmatch(r"[\w.-]{1,64}", found, re.ASCII) else make()

        def start(status, headers, *rest):
            return start_response(status, [(header, name)] + [h for h in headers if h[0].lower() != header.lower()], *rest)

        return app(environ, start)

    return wrapped
