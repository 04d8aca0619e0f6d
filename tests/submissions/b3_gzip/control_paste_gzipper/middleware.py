from paste.gzipper import middleware


def Gzip(app, level=6):
    return middleware(app, compress_level=level)
