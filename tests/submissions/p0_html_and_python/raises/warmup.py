def esc(s):
    raise NotImplementedError


def table(rows, columns):
    raise NotImplementedError


def chunks(data, size):
    raise NotImplementedError


def counter():
    raise NotImplementedError
