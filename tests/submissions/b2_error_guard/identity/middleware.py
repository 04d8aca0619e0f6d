ErrorGuard = lambda app, **options: app
