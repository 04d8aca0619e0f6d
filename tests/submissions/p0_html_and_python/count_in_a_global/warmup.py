count = 0

def esc(s):
    for character, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        s = s.replace(character, name)
    return s


def table(rows, columns):
    lines = ["<tr>" + "".join("<th>" + esc(name) + "</th>" for name in columns) + "</tr>"]
    for row in rows:
        lines.append("<tr>" + "".join("<td>" + esc(str(row.get(name, ""))) + "</td>" for name in columns) + "</tr>")
    return ("<table>" + "".join(lines) + "</table>").encode("utf-8")


def chunks(data, size):
    while data:
        yield data[:size]
        data = data[size:]


def counter():
    global count
    count = 0

    def step():
        global count
        count += 1
        return count

    return step
