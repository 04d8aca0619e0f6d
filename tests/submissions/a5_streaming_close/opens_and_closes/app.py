def make_app(catalog=None, store=None, open_rows=None):
    def application(environ, start_response):
        if open_rows:
            open_rows().close()
        start_response("200 OK", [("Content-Type", "text/csv; charset=utf-8")])
        return []

    return application


application = make_app()
