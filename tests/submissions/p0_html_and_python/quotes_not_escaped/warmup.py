import html

def esc(s):
    return html.escape(s, quote=False)


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
    count = 0

    def step():
        nonlocal count
        count += 1
        return count

    return step
