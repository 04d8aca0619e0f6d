def application(environ, start_response):
    while True:
        try:
            environ["wsgi.input"].read(0)
        except BaseException:
            continue


def make_app(catalog=None, store=None):
    return application
