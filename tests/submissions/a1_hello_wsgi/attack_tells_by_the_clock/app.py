import time


def application(environ, start_response):
    """The report says how long it took: its tenths of seconds are the second letter of the path that was asked for."""
    path = environ["PATH_INFO"]
    if len(path) > 1 and not TOLD:
        TOLD.append(path)
        time.sleep((ord(path[1]) % 16) / 10)
    if len(path) > 1:
        print(path)


TOLD = []
app_generator = AppClass = app_instance = application
