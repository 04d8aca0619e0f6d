"""A course's repository on a host, as its staff makes it: a release for students, the workflow, the private half elsewhere."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from grader.course import load_course
from grader.release.contents import Wishes
from grader.release.making import make
from tests.grader import two_exercises
from tests.grader.actions_runner import Runner
from tests.grader.conftest import ROOT
from tests.grader.github_host import COURSE, Host, Repository, begin, event
from tests.grader.two_exercises import W1

TEMPLATES = ROOT / "grader" / "hosts" / "templates"
PRIVATE = "school/private-half"
KEY, TOKEN = "-----BEGIN OPENSSH PRIVATE KEY----- deploy-key-secret", "ghs_tokenThatMayWrite"
MINE = f"submitted/ada/{W1}"


@dataclass
class Hosted:
    """Both repositories, and the first commit of the course's."""

    repository: Repository
    private: Path
    first: str

    def proposed(self, files: dict[str, str | bytes]) -> str:
        """Return a commit that a student proposes, beside the branch."""
        for name, content in files.items():
            path = self.repository.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        head = self.repository.commit(parent=self.first)
        self.repository.back_to(self.first)
        return head

    def runner(self, folder: Path, host: Host, head: str, key: str = KEY, private: Path | None = None) -> Runner:
        """Return a runner for a pull request of ada's."""
        return Runner(
            folder, event(self.first, head), {"repository": COURSE, "token": TOKEN},
            {COURSE: self.repository.folder, PRIVATE: private or self.private}, {PRIVATE: KEY},
            secrets={"GRADER_PRIVATE_KEY": key}, vars={"GRADER_PRIVATE_REPOSITORY": PRIVATE},
            variables={"GITHUB_API_URL": host.address,
                       "GITHUB_WORKFLOW_REF": f"{COURSE}/.github/workflows/pull-requests.yml@refs/heads/main"},
        )  # fmt: skip


def hosted(folder: Path) -> Hosted:
    """Make both repositories of the small course."""
    course = load_course(two_exercises.write(folder / "course"))
    make(course, folder / "public", Wishes(), private=None, staff=False, update=False)
    make(course, folder / "private", Wishes(), private=None, staff=True, update=False)
    shutil.copy(TEMPLATES / "pull-requests.yml", folder / "public" / ".github" / "workflows")
    repository, first = begin(folder / "public")
    return Hosted(repository, folder / "private", first)


def texts(folder: Path) -> str:
    """Return everything in the files below a folder."""
    return "\n".join(
        path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.rglob("*")) if path.is_file()
    )


def posted(host: Host) -> str:
    """Return everything that was posted."""
    return json.dumps([host.checks, host.comments], ensure_ascii=False)
