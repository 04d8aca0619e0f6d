"""The environment of a grading worker: nothing of the user's own that would change what a test sees, or go out with a request."""

from __future__ import annotations

import os
from collections.abc import Mapping

FORGOTTEN = frozenset(
    """
    ci build_number pytest_plugins
    http_proxy https_proxy all_proxy ftp_proxy no_proxy requests_ca_bundle curl_ca_bundle sslkeylogfile
    """.split()  # noqa: SIM905
)
"""In small letters. With CI or BUILD_NUMBER pytest explains differences in full, which may take minutes; proxies and
certificates are for the world outside, and a small ``no_proxy`` would go before our own."""


def surroundings(search: str, current: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a worker that finds modules in ``search``, made of the current one."""
    kept = {name: value for name, value in (current or os.environ).items() if name.lower() not in FORGOTTEN}
    return kept | {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTHONPATH": search, "PYTHONOPTIMIZE": "",
        "NO_PROXY": "127.0.0.1,localhost",
        "NETRC": os.devnull,  # requests would send the user's default password to every submission that serves
    }  # fmt: skip
