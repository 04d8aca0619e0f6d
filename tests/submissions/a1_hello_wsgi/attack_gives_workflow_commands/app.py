COMMANDS = """
::error file=app.py,line=1,title=Injected::the grader is broken
::notice title=Score::100/100
::add-mask::0
::set-output name=score::100
::set-env name=PATH::/tmp
::add-path::/tmp
::stop-commands::resume-never
::group::hidden
::endgroup::
::debug::off
##[error]injected
##[group]hidden
##vso[task.setvariable variable=score]100
##vso[task.complete result=Succeeded;]DONE
##teamcity[testFinished name='test_says_hello']
##teamcity[buildStatus status='SUCCESS' text='15 passed']
section_start:1700000000:hidden[collapsed=true]\r\x1b[0K
section_end:1700000000:hidden\r\x1b[0K
%%[ error: injected ]%%
"""


def application(environ, start_response):
    print(COMMANDS, flush=True)
    environ["wsgi.errors"].write(COMMANDS)
    raise RuntimeError(COMMANDS)


def app_generator(environ, start_response):
    start_response("200 " + COMMANDS, [("X-Commands", COMMANDS), (COMMANDS, "1")])
    yield COMMANDS


class AppClass:
    def __init__(self, environ, start_response):
        raise type("\n::error::", (Exception,), {"__module__": "\n::error::", "__qualname__": COMMANDS})(COMMANDS)


def app_instance(environ, start_response):
    return COMMANDS


if True:
    print(COMMANDS, flush=True)
