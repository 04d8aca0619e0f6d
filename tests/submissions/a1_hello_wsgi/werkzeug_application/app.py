from werkzeug.wrappers import Request, Response


def greeting():
    return Response("影单 watch-list\n", mimetype="text/plain")


@Request.application
def application(request):
    return greeting()


def app_generator(environ, start_response):
    yield from application(environ, start_response)


class AppClass:
    def __init__(self, environ, start_response):
        self.result = application(environ, start_response)

    def __iter__(self):
        return iter(self.result)

    def close(self):
        self.result.close()


class Greeting:
    @Request.application
    def __call__(self, request):
        return greeting()


app_instance = Greeting()
