"""Which language to speak: the one asked for, or the one that the system speaks."""

from __future__ import annotations

import locale
import os


def preferred_language() -> str:
    """Return "zh-CN" where the system speaks Chinese, else "en" (POSIX: LC_ALL before LC_MESSAGES before LANG)."""
    for name in ("GRADER_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return "zh-CN" if value.lower().startswith("zh") else "en"
    system = locale.getlocale()[0] or ""
    return "zh-CN" if system.lower().startswith(("zh", "chinese")) else "en"
