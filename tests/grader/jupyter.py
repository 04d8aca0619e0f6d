"""A Jupyter server and a headless Chromium of the tests' own, with settings in a new folder; both stay on this machine."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
REMEDY = "apt-get install chromium fonts-noto-cjk; uv sync --group ci"
ALONE = (
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-default-apps",
    "--disable-domain-reliability", "--disable-sync", "--no-first-run", "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
"""A browser that asks nobody for anything; it may run as root, for what it shows is ours."""
STARTS = 60.0
"""Seconds in which a server is there, on a machine with much else to do."""
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}


def chromium() -> str:
    """Return where a Chromium is, nothing if there is none."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), "")


def surroundings(home: Path) -> dict[str, str]:
    """Return the environment for Jupyter's programs: nothing of the user's own settings, but those of this environment."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON", "JPY_", "GRADER_"))
    }
    places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "run", "IPYTHONDIR": "ipython",
              "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}  # fmt: skip
    own = {name: str(home / place) for name, place in places.items()}
    programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return kept | own | {"HOME": str(home), "PATH": programs, "PYTHONWARNINGS": "ignore", "GRADER_LANG": ""}


@dataclass(frozen=True)
class Lab:
    """A running server: its address, its token, and what it wrote."""

    url: str
    token: str
    home: Path
    log: Path

    def address(self, path: str) -> str:
        """Return the address of a page, with the token."""
        return f"{self.url}{path}?token={self.token}"

    def choose_theme(self, theme: str) -> None:
        """Make pages that are opened from now on light or dark."""
        put_setting(self.home, "@jupyterlab/apputils-extension/themes", {"theme": theme})


def put_setting(home: Path, name: str, content: Mapping[str, Any]) -> None:
    """Write a user's setting of JupyterLab."""
    path = home / "settings" / f"{name}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def free_port() -> int:
    """Return a port of the loopback that nobody has."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def lab(root: Path, home: Path, course: Path, environment: Mapping[str, str]) -> Iterator[Lab]:
    """Run JupyterLab on the files below ``root``, with nbgrader's formgrader for the course in ``course``."""
    home.mkdir(exist_ok=True)
    for name, content in SETTINGS.items():
        put_setting(home, name, content)
    port, token, log = free_port(), secrets.token_hex(16), home / "server.log"
    options = {
        "ServerApp.ip": "127.0.0.1", "ServerApp.port": port, "ServerApp.port_retries": 0, "IdentityProvider.token": token,
        "ServerApp.root_dir": root, "ServerApp.open_browser": False, "ServerApp.allow_root": True, "LabApp.news_url": None,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate", "LabApp.extension_manager": "readonly",
    }  # fmt: skip
    command = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=course, env={**surroundings(home), **environment}, stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=subprocess.STDOUT, start_new_session=True)  # fmt: skip
    try:
        found = Lab(f"http://127.0.0.1:{port}", token, home, log)
        wait_for(found, process)
        yield found
    finally:
        end(process)


def wait_for(found: Lab, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers."""
    deadline = time.monotonic() + STARTS
    while True:
        try:
            with urllib.request.urlopen(found.address("/api/status"), timeout=5):
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"no server: {found.log.read_text(errors='replace')[-2000:]}") from None
            time.sleep(0.1)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server, which ends its kernels."""
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass
class Seen:
    """What a browser asked for, by address; and what its pages complained of."""

    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def elsewhere(self, begin: int = 0) -> list[str]:
        """Return what was asked of anybody but this machine, from the request of a number on."""
        return [url for url in self.asked[begin:] if urlsplit(url).scheme not in ("data", "blob", "about")
                and urlsplit(url).hostname != "127.0.0.1"]  # fmt: skip


@contextmanager
def browsing(width: int = 1280, height: int = 1600) -> Iterator[tuple[Any, Seen]]:
    """Open a browser, and yield a context for pages and what was seen of it."""
    from playwright.sync_api import sync_playwright

    seen = Seen()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ALONE))
        context = browser.new_context(viewport={"width": width, "height": height})
        context.on("request", lambda request: seen.asked.append(request.url))
        context.on("weberror", lambda error: seen.complaints.append(str(error.error)))
        try:
            yield context, seen
        finally:
            browser.close()
