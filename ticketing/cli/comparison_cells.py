"""Comparison cells: what a table says of how a rate stands to the others, or of a month to the rest."""

from collections.abc import Mapping, Sequence

from ticketing.cli.output import printable
from ticketing.projections.report import Compared, Number, ReportRow

_IN_A_FUNNEL = (
    "95 %: of the rate itself; by chance: where 95 % of groups of that size lie about the rate of all; p: how"
    " likely a group differs so much from the others by chance, adjusted for how many are asked about; of few groups"
    " one may do so within the limits, since it pulls the rate of all; rank: 1 is the highest rate, which is the"
    " worst of what went wrong (complaints, repeats) and the best of what went right (first pass, explained); too few:"
    " neither ranked nor tested."
)
WORDS: Mapping[str, str] = {
    "control_chart": "limits: three deviations about the rate of all, by chance alone (p) and with as much besides as"
    " neighbours differ by (p′, Laney); signal: outside of which; too few: not judged.",
    "good_work": "judged by: of how many figures there are enough cases; better, worse: in which the group differs from"
    " the others by more than chance; marked: better in one at least and worse in none. Of companies where all work"
    f" alike, at most about one in ten has somebody marked by chance. {_IN_A_FUNNEL}",
    "funnel": _IN_A_FUNNEL,
}
"""What the headings mean."""


def compared_in(row: ReportRow) -> Compared | None:
    """How the row stands in a funnel or a control chart; None where it is in neither."""
    return row.compared if row.compared is not None and row.compared.keys() & {"pooled", "centre"} else None


def cells_of(row: ReportRow, compared: Compared) -> dict[str, str | None]:
    """The cells of one group, or of one month."""
    found = {
        "n": _count(row.denominator),
        "had it": _count(row.numerator),
        "unseen": _count(row.censored) if row.censored else None,
        "per 100": _number(row.value),
    }
    if "pooled" not in compared:
        signals = " ".join(name for name, key in _SIGNALS.items() if compared[key])
        return found | {
            "p limits": _span(compared["low_p"], compared["high_p"]),
            "p′ limits": _span(compared["low_p_prime"], compared["high_p_prime"]),
            "signal": "too few" if compared["is_too_few"] else signals,
        }
    return found | {
        "95 %": None if isinstance(row.low, Mapping) else _span(row.low, row.high),
        "by chance": _span(compared["low_95"], compared["high_95"]),
        "p": _probability(compared["p_adjusted"]),
        "rank": None if compared["rank"] is None else str(compared["rank"]),
        "stands out": "too few" if compared["is_too_few"] else _text(compared["stands_out"]),
    }


_SIGNALS = {"p": "is_signal_p", "p′": "is_signal_p_prime"}


def cells_of_all(rows: Sequence[ReportRow], compared: Compared) -> dict[str, str | None]:
    """The cells of all together, as far as they are compared: the rate about which the limits lie, and σ_z."""
    in_funnel = "pooled" in compared
    counted = [row for row in rows if not in_funnel or None not in row.group.values()]
    return {
        "n": _count(sum(row.denominator for row in counted)),
        "had it": _count(sum(row.numerator for row in counted)),
        "per 100": _number(compared["pooled" if in_funnel else "centre"]),
        "p′ limits": None if in_funnel or compared["sigma_z"] is None else f"σ_z {_number(compared['sigma_z'])}",
    }


def cells_of_good_work(row: ReportRow) -> dict[str, str | None]:
    """The cells of one group: how many figures it is judged by, and in which it stands out."""
    compared = row.compared or {}
    return {
        "judged by": _count(row.denominator),
        "better": _short(compared.get("better")),
        "worse": _short(compared.get("worse")),
        "marked": ("yes" if compared["is_marked"] else "no") if row.denominator else None,
    }


def who_is_marked(rows: Sequence[ReportRow]) -> str:
    """One line: whom good work marks, or why nobody."""
    judged = [(row, row.compared or {}) for row in rows if row.denominator]
    marked = [printable(", ".join(map(str, row.group.values()))) for row, compared in judged if compared["is_marked"]]
    if marked:
        return f"marked: {'; '.join(marked)}"
    if not judged:
        return "nobody is marked: too few cases of everybody"
    if any(compared["better"] or compared["worse"] for _, compared in judged):
        return "nobody is marked: whoever stands out is worse than the others in a figure"
    return "nobody stands out: what differs is within chance"


_SHORT = {
    "complaint_rate": "complaints",
    "explanation_accepted": "explained",
    "first_pass": "pass",
    "first_time_fix": "fix",
}


def _short(names: object) -> str | None:
    return ", ".join(_SHORT[name] for name in names.split()) if isinstance(names, str) else None


def _count(number: int) -> str:
    return f"{number:,}"


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: Number | str | None) -> str | None:
    return f"{value:,.2f}" if isinstance(value, int | float) else None


def _span(low: object, high: object) -> str | None:
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return None
    return f"{_number(low)}–{_number(high)}"


def _probability(p: Number | str | None) -> str | None:
    if not isinstance(p, int | float):
        return None
    return f"{p:.3f}" if p >= 0.0005 else "<0.001"
