"""The package's own projections, which its reports are answered from."""

from collections.abc import Iterable
from typing import Any

from ticketing.domain.errors import BadInput
from ticketing.projections.backlog import BacklogRows
from ticketing.projections.clocks import ClockRows
from ticketing.projections.complaints import ComplaintRows
from ticketing.projections.conduct import ConductRows
from ticketing.projections.contested import ContestedRows
from ticketing.projections.first_pass import FirstPassRows
from ticketing.projections.handling import HandlingRows
from ticketing.projections.recognition import RecognitionRows
from ticketing.projections.repair_rows import RepeatRows
from ticketing.projections.row import Projection
from ticketing.projections.tills import TillRows
from ticketing.projections.turnaround import TurnaroundRows

TURNAROUND_ROWS = TurnaroundRows()
FIRST_PASS_ROWS = FirstPassRows()
COMPLAINT_ROWS = ComplaintRows()
BACKLOG_ROWS = BacklogRows()
CLOCK_ROWS = ClockRows()
CONTESTED_ROWS = ContestedRows()
HANDLING_ROWS = HandlingRows()
CONDUCT_ROWS = ConductRows()
REPEAT_ROWS = RepeatRows()
RECOGNITION_ROWS = RecognitionRows()
TILL_ROWS = TillRows()
BUILT_IN: tuple[Projection[Any], ...] = (
    TURNAROUND_ROWS,
    FIRST_PASS_ROWS,
    COMPLAINT_ROWS,
    BACKLOG_ROWS,
    CLOCK_ROWS,
    CONTESTED_ROWS,
    HANDLING_ROWS,
    CONDUCT_ROWS,
    REPEAT_ROWS,
    RECOGNITION_ROWS,
    TILL_ROWS,
)


def refuse_built_in_names(projections: Iterable[Projection[Any]]) -> None:
    """Refuses projections of others under the names of the package's own.

    Raises:
        BadInput: One has such a name.
    """
    ours = {projection.name: type(projection) for projection in BUILT_IN}
    for projection in projections:
        if ours.get(projection.name, type(projection)) is not type(projection):
            raise BadInput(f"projection {projection.name}: the package has one of that name; choose another")
