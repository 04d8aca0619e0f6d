RequestId = lambda app, **options: app
