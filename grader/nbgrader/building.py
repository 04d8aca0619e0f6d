"""What ``nbgrader generate_assignment`` runs instead of `ClearSolutions`. Imports nbgrader, which loads it by its name."""

from __future__ import annotations

from typing import Any

from nbgrader.preprocessors import ClearSolutions

from grader.nbgrader.names import require


class KeepStarter(ClearSolutions):  # type: ignore[misc]
    """Leaves our notebooks alone, whose solution cell holds the starter; clears those of the instructor's own as always."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:  # noqa: ANN401 - nbconvert's
        """Clear a notebook unless `grader nbgrader init` made it: it lies in ``source/``, where no student writes."""
        require()
        if "grader" in nb.metadata:
            return nb, resources
        cleared: tuple[Any, Any] = super().preprocess(nb, resources)
        return cleared
