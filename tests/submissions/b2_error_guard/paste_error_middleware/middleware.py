from paste.exceptions.errormiddleware import ErrorMiddleware


def ErrorGuard(app, body=b"Internal Server Error\n"):
    return ErrorMiddleware(app, {}, debug=False, error_message=body.decode("latin-1"))
