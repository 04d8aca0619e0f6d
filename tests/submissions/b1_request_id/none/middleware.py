def RequestId(app, header="X-Request-ID", make_id=None):
    pass
