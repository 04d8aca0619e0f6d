"""Starts, limits, kills and recycles the processes that run student code; knows nothing of exercises.

`box` is a warm zygote behind bubblewrap (level full), `plain` a subprocess without walls (level none), `process` one
student process as the judge sees it, `isolation` finds out by probes which level this machine has, `unpack` has an archive
opened. What runs on the other side of the wall is in `inside`.
"""
