def Gzip(app, level=6):
    pass
