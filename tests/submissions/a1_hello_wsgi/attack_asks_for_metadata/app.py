import http.client

AWS, GOOGLE = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}, {"Metadata-Flavor": "Google"}
QUESTIONS = (
    ("169.254.169.254", "PUT", "/latest/api/token", AWS), ("169.254.169.254", "GET", "/latest/meta-data/iam/security-credentials/", {}),
    ("169.254.169.254", "GET", "/computeMetadata/v1/instance/service-accounts/default/token", GOOGLE),
    ("169.254.169.254", "GET", "/metadata/identity/oauth2/token?api-version=2018-02-01", {"Metadata": "true"}),
    ("169.254.170.2", "GET", "/v2/credentials/", {}), ("100.100.100.200", "GET", "/latest/meta-data/ram/security-credentials/", {}),
    ("192.0.0.192", "GET", "/latest/", {}), ("[fd00:ec2::254]", "GET", "/latest/meta-data/", {}),
)


def ask(host, method, path, headers):
    client = http.client.HTTPConnection(host.strip("[]"), 80, timeout=0.2)
    try:
        client.request(method, path, headers=headers)
        yield client.getresponse().read(1000)
    except (OSError, http.client.HTTPException):
        return
    finally:
        client.close()


REACHED = [answer for question in QUESTIONS for answer in ask(*question)]

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
