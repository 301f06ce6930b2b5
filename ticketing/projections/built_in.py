"""The package's own projections, which its reports are answered from."""

from typing import Any

from ticketing.projections.backlog import BacklogRows
from ticketing.projections.complaints import ComplaintRows
from ticketing.projections.first_pass import FirstPassRows
from ticketing.projections.row import Projection
from ticketing.projections.turnaround import TurnaroundRows

TURNAROUND_ROWS = TurnaroundRows()
FIRST_PASS_ROWS = FirstPassRows()
COMPLAINT_ROWS = ComplaintRows()
BACKLOG_ROWS = BacklogRows()
BUILT_IN: tuple[Projection[Any], ...] = (TURNAROUND_ROWS, FIRST_PASS_ROWS, COMPLAINT_ROWS, BACKLOG_ROWS)
