"""What several commands share: options, the course that is meant, and what becomes of errors."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click

from grader.course import Course, find_course, load_course
from grader.errors import EngineFault, Misuse, UsageError
from grader.language import preferred_language
from grader.models import FEEDBACK, LANGUAGES, Isolation

FOLDER = click.Path(file_okay=False, exists=True, path_type=Path)
course_option = click.option(
    "--course", "course_folder", type=FOLDER, help="The course (default: the nearest one upward)."
)
student_course_option = click.option(
    "--course", "course_folder", type=FOLDER, help="The folder that you work in (default: the nearest one upward)."
)
private_option = click.option(
    "--private", type=FOLDER, help="Folder with tests/ and solutions/, if they are not in the course."
)
lang_option = click.option(
    "--lang", type=click.Choice(LANGUAGES), default=preferred_language, help="Language of texts."
)

store_option = click.option(
    "--store", envvar="GRADER_STORE", show_envvar=True, metavar="URL",
    help="Where attempts are kept: a file, or postgresql://USER@HOST/DATABASE (default: .grader/grades.db in the course).",
)  # fmt: skip
workers_option = click.option(
    "--workers", type=click.IntRange(1, 256), help="Submissions that are graded at once (default: one for each core)."
)
isolation_option = click.option(
    "--min-isolation", type=click.Choice([str(level) for level in Isolation]), default="confined", show_default=True,
    help="Least isolation at which hidden tests are run.",
)  # fmt: skip
walls_option = click.option(
    "--walls-only",
    is_flag=True,
    help="Run nothing of a submission below --min-isolation, not even public tests: for machines that hold secrets.",
)
grading_option = click.option(
    "--grading", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Which attempts count, and deadlines (default: course.toml in the course).",
)  # fmt: skip


feedback_option = click.option(
    "--feedback", type=click.Choice(FEEDBACK),
    help="What students are told of hidden tests: what went wrong, or only which of them did not pass (default: as course.toml "
         "in the course says, else messages).",
)  # fmt: skip


class WrongUsage(click.ClickException):
    """What was asked for cannot be done."""

    exit_code = 2


class OurFault(click.ClickException):
    """Something of ours broke."""

    exit_code = 3


class Stopped(click.ClickException):
    """Somebody pressed Ctrl-C."""

    exit_code = 130


def word(key: str, options: Mapping[str, Any], /, **values: object) -> str:
    """Return a text in the language of a command's options, or of this system; in English if the catalogue is what is wrong."""
    from grader.catalogues import Catalogue

    try:
        return Catalogue().word(key, options.get("lang") or preferred_language(), **values)
    except (EngineFault, UsageError):
        return key.format_map(values)


def stopped(options: Mapping[str, Any]) -> Stopped:
    """Return what ends a command when somebody pressed Ctrl-C."""
    return Stopped(word("stopped; what was finished before is kept", options))


def reporting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn the project's own errors into a message and an exit code; one that nobody foresaw is a fault of ours too."""

    def command(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - click's
        try:
            return function(*args, **kwargs)
        except Misuse as error:
            raise WrongUsage(word(error.key, kwargs, **error.values)) from None
        except UsageError as error:
            raise WrongUsage(str(error)) from None
        except KeyboardInterrupt:
            raise stopped(kwargs) from None
        except (BrokenPipeError, click.ClickException, click.Abort, click.exceptions.Exit):
            raise  # click knows these
        except EngineFault as error:
            raise OurFault(word("a fault of the grader, not of a submission: {error}", kwargs, error=error)) from None
        except OSError as error:
            raise OurFault(word("a fault of this machine, not of a submission: {error}", kwargs, error=error)) from None
        except Exception as error:  # noqa: BLE001 - the exit code of a traceback would mean a low score
            traceback.print_exc()
            kind = type(error).__name__
            raise OurFault(word("an error in the grader, not in a submission: {error}", kwargs, error=kind)) from None

    return update_wrapper(command, function)


def open_course(folder: Path | None, private: Path | None, near: Path | None = None) -> Course:
    """Load the course that was named, or the nearest one above the working folder or above a path."""
    if folder is None:
        try:
            folder = find_course(Path.cwd())
        except UsageError:
            if near is None:
                raise
            folder = find_course(near)
    return load_course(folder, private)
