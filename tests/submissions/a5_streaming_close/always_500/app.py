def make_app(catalog=None, store=None, open_rows=None):
    def application(environ, start_response):
        if open_rows:
            open_rows().close()
        start_response("500 Internal Server Error", [("Content-Type", "text/html; charset=utf-8")])
        return []

    return application


application = make_app()
