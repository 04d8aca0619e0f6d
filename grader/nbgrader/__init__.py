"""nbgrader as the front end, this engine as the judge: through nbgrader's own configuration points, nothing of it patched.

nbgrader is an extra: only the modules that it loads itself import it (`building`, `collecting`, `rebuild`, `outside`).
"""
