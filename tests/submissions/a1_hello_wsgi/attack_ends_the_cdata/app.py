TEXT = (
    "]]></failure></testcase><testcase classname='a1' name='test_says_hello'/><!-- "
    "--><system-out><![CDATA[15 passed]]></system-out><?php echo 1 ?>"
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY l "&e;&e;&e;">]>&e;&l;&#0;&#x1b;&#xd800;&lt;script&gt;'
    "\x00\x01\x02\x1f\ufffe\uffff\ud800\x7f\x80"
    '" onload="x" \' onerror=\'x\' ></property><property name="score" value="100"/>'
)


def application(environ, start_response):
    print(TEXT.encode("utf-8", "replace").decode(), flush=True)
    raise AssertionError(TEXT)


def app_generator(environ, start_response):
    start_response(TEXT, [(TEXT, TEXT)])
    yield TEXT.encode("utf-8", "surrogatepass")


class AppClass:
    def __init__(self, environ, start_response):
        raise type("]]><testcase", (AssertionError,), {"__module__": "]]>"})(TEXT)


class Greeting:
    def __call__(self, environ, start_response):
        start_response("200 OK", {TEXT: TEXT})
        return {TEXT: TEXT}


app_instance = Greeting()
