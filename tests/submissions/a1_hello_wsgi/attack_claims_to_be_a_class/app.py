BODY = "影单 watch-list\n".encode("utf-8")


def application(environ, start_response):
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]
    start_response("200 OK", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [BODY]


class Code:
    co_flags = 0x23


class Pretender:
    __code__ = Code()

    def __init__(self, claimed):
        self.claimed = claimed

    def __call__(self, environ, start_response):
        return application(environ, start_response)

    @property
    def __class__(self):
        import sys

        asked_by = sys._getframe(1).f_code.co_name
        return self.claimed if asked_by.startswith("is") or asked_by == "_has_code_flag" else object


app_generator = Pretender(type(application))
AppClass = Pretender(type)
app_instance = Pretender(object)
