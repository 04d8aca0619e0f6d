"""P0: four small functions. What you cannot do yet, the tests tell you where to read."""


def esc(s):
    """Return a text so that a browser shows it character by character, also inside an attribute."""
    return s  # TODO: & < > " ' must become something else


def table(rows, columns):
    """Return an HTML table as bytes: a row of headings, then a row for each dict."""
    parts = ["<table>"]
    # TODO: one <tr> with a <th> for each column
    # TODO: one <tr> for each dict in rows, with a <td> for each column
    parts.append("</table>")
    return "".join(parts)  # TODO: this is text; the task says bytes


def chunks(data, size):
    """Return an iterator over the pieces of data, each of them size bytes long but perhaps the last."""
    return []  # TODO: yield one piece after the other


def counter():
    """Return something that can be called: it returns 1 at the first call, 2 at the second, and so on."""
    return 0  # TODO: a function inside of this one that remembers where it is
