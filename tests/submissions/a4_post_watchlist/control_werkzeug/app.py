from markupsafe import escape
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

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


class Form(Request):
    max_content_length = 65536


class App:
    def __init__(self, catalog, store):
        self.films = {str(film["id"]): film for film in catalog}
        self.entries = []
        self.store = store

    @Form.application
    def __call__(self, request):
        try:
            if request.path != "/watchlist":
                raise NotFound
            if request.method in ("GET", "HEAD"):
                return self.show()
            if request.method == "POST":
                return self.add(request)
            raise MethodNotAllowed(["GET", "HEAD", "POST"])
        except HTTPException as error:
            return error

    def kept(self):
        return self.entries if self.store is None else self.store.all()

    def show(self):
        return Response((self.line(*entry) for entry in self.kept()), mimetype="text/html")

    def line(self, number, stars, note):
        return f'<li data-id="{number}"><b>{stars}</b> {escape(note)}'

    def add(self, request):
        if request.mimetype != "application/x-www-form-urlencoded":
            raise UnsupportedMediaType
        if (request.content_length or 0) > request.max_content_length:
            raise RequestEntityTooLarge
        form = request.form
        bad = [
            ("movie_id", form.get("movie_id") not in self.films),
            ("stars", form.get("stars") not in list("12345")),
            ("note", len(form.get("note", "")) > 200),
        ]
        errors = [f"<li class=error>{name}" for name, wrong in bad if wrong]
        if errors:
            return Response(f"<h1>400</h1><ul>{''.join(errors)}</ul>", 400, mimetype="text/html")
        entry = int(form["movie_id"]), int(form["stars"]), form.get("note", "")
        self.entries.append(entry) if self.store is None else self.store.add(*entry)
        return redirect(request.script_root + "/watchlist", 303)


def make_app(catalog=None, store=None):
    return App(CATALOG if catalog is None else catalog, store)


application = make_app()
