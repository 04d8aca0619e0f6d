class ErrorGuard
    pass
