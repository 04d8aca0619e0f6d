from html import escape
from urllib.parse import parse_qs, quote

KEYS = ("id", "title_zh", "title_en", "year", "director")
CATALOG = [
    dict(zip(KEYS, film))
    for film in [
        (1, "霸王别姬", "Farewell My Concubine", 1993, "Chen Kaige"),
        (2, "天使爱美丽", "Amélie", 2001, "Jean-Pierre Jeunet"),
        (3, "机器人总动员", "WALL·E", 2008, "Andrew Stanton"),
        (4, "两杆大烟枪", "Lock, Stock & Two Smoking Barrels", 1998, "Guy Ritchie"),
        (5, "十二怒汉", "12 Angry Men", 1957, "Sidney Lumet"),
        (6, "千与千寻", "Spirited Away", 2001, "Hayao Miyazaki"),
        (7, "肖申克的救赎", "The Shawshank Redemption", 1994, "Frank Darabont"),
        (8, "这个杀手不太冷", "Léon", 1994, "Luc Besson"),
        (9, "大话西游之大圣娶亲", "A Chinese Odyssey Part Two: Cinderella", 1995, "Jeffrey Lau"),
        (10, "龙猫", "My Neighbor Totoro", 1988, "Hayao Miyazaki"),
        (11, "活着", "To Live", 1994, "Zhang Yimou"),
        (12, "花样年华", "In the Mood for Love", 2000, "Wong Kar-wai"),
    ]
]



def make_app(catalog=None, store=None):
    catalog = CATALOG if catalog is None else catalog
    entries = []

    def show():
        kept = entries if store is None else store.all()
        return "200 OK", "".join(f"<li data-id={number}>{escape(note)} {stars}\n" for number, stars, note in kept)

    def refuse(status, *fields):
        return status, f"<h1>{status}</h1>" + "".join(f"<li class=error>{field}" for field in fields)

    def add(environ):
        if not environ.get("CONTENT_TYPE", "").lower().replace(" ", "").startswith("application/x-www-form-urlencoded;"):
            if environ.get("CONTENT_TYPE", "").lower().strip() != "application/x-www-form-urlencoded":
                return refuse("415 No Form")
        try:
            length = max(0, int(environ.get("CONTENT_LENGTH") or 0))
        except ValueError:
            length = 0
        if length > 2**16:
            return refuse("413 Too Much")
        sent = parse_qs(environ["wsgi.input"].read(length).decode("latin-1"), keep_blank_values=True)
        movie, stars, note = (sent.get(name, [""])[0] for name in ("movie_id", "stars", "note"))
        film = next((film for film in catalog if str(film["id"]) == movie), None)
        bad = [name for name, wrong in
               [("movie_id", film is None), ("stars", stars not in list("12345")), ("note", len(note) > 200)] if wrong]
        if bad:
            return refuse("400 Bad", *bad)
        keep = (lambda *entry: entries.append(entry)) if store is None else store.add
        keep(film["id"], int(stars), note)
        return "303 Look There", ""

    def app(environ, start):
        method, headers = environ["REQUEST_METHOD"], [("content-type", "text/html;charset=UTF-8"), ("X-Powered-By", "ink")]
        if environ["PATH_INFO"] != "/watchlist":
            status, text = refuse("404 Nothing")
        elif method == "POST":
            status, text = add(environ)
            if status.startswith("303"):
                headers.append(("location", quote(environ["SCRIPT_NAME"].encode("latin-1")) + "/watchlist"))
        elif method in ("GET", "HEAD"):
            status, text = show()
        else:
            status, text = refuse("405 Not So")
            headers += [("allow", "POST"), ("allow", "GET,HEAD,OPTIONS")]
        start(status, headers)
        return (part.encode("utf-8", "replace") for part in ([text] if method != "HEAD" else []))

    return app


application = make_app()
