def ErrorGuard(app, body=b""):
    pass
