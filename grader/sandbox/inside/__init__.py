"""What runs inside the box. It holds no secret, and nothing that it says is believed."""

UNPREPARED, NO_MEMORY = 98, 97
"""Exit codes of a student process that could not be made ready, or that had no memory left. Anybody may use them."""
