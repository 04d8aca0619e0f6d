def Gzip(app, level=6):
    return app
