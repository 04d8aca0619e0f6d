"""What runs inside the box. It holds no secret, and nothing that it says is believed."""

UNPREPARED, NO_MEMORY = 98, 97
"""Exit codes of a student process that could not be made ready, which the zygote confirms, or that had no memory left."""
