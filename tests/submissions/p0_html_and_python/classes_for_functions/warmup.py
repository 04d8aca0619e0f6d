def esc(s):
    for character, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        s = s.replace(character, name)
    return s


def table(rows, columns):
    lines = ["<tr>" + "".join("<th>" + esc(name) + "</th>" for name in columns) + "</tr>"]
    for row in rows:
        lines.append("<tr>" + "".join("<td>" + esc(str(row.get(name, ""))) + "</td>" for name in columns) + "</tr>")
    return ("<table>" + "".join(lines) + "</table>").encode("utf-8")


class chunks:
    def __init__(self, data, size):
        self.data, self.size, self.start = data, size, 0

    def __iter__(self):
        return self

    def __next__(self):
        piece = self.data[self.start : self.start + self.size]
        if not piece:
            raise StopIteration
        self.start += self.size
        return piece


class counter:
    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1
        return self.count
