b = "影单 watch-list\n".encode()
h = lambda: [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "%d" % len(b))]
c = lambda e: [b][e["REQUEST_METHOD"] == "HEAD":]

application = lambda e, s: (s("200 OK", h()), c(e))[1]
app_generator = lambda e, s: (s("200 OK", h()), (yield from c(e)))
AppClass = type("AppClass", (), {
    "__init__": lambda self, e, s: setattr(self, "c", (s("200 OK", h()), c(e))[1]),
    "__iter__": lambda self: iter(self.c),
})
app_instance = type("Greeting", (), {"__call__": lambda self, e, s: (s("200 OK", h()), c(e))[1]})()
