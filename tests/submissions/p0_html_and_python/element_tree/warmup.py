import xml.etree.ElementTree as ET

def esc(s):
    for character, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        s = s.replace(character, name)
    return s


def table(rows, columns):
    root = ET.Element("table")
    head = ET.SubElement(ET.SubElement(root, "thead"), "tr")
    for name in columns:
        ET.SubElement(head, "th").text = name
    body = ET.SubElement(root, "tbody")
    for row in rows:
        line = ET.SubElement(body, "tr")
        for name in columns:
            ET.SubElement(line, "td").text = str(row.get(name, ""))
    return ET.tostring(root, encoding="utf-8", short_empty_elements=False)


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
