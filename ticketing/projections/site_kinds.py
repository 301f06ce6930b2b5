"""Site kinds: whose a site is, the company's own or a subcontractor's, by what was published of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ticketing.domain.reference import SitePublished
from ticketing.domain.time_rules import Versions


@dataclass(frozen=True, slots=True)
class SiteKinds:
    """The ownership of each site, as it was from which instant on.

    Attributes:
        since: By site, in order of the instant: from when on it is whose.
    """

    since: Mapping[str, tuple[tuple[datetime, str], ...]] = field(default_factory=dict)

    @classmethod
    def of_sites(cls, sites: Versions[SitePublished], position: int) -> "SiteKinds":
        """Those of the versions published up to a position of the log."""
        return cls(
            {
                key: _changes([one.thing for one in versions if one.position <= position])
                for key, versions in sites.items()
            }
        )

    def of(self, site: str | None, at: datetime) -> str | None:
        """`own` or `subcontracted`; None where nothing effective then was published of the site."""
        kinds = [kind for since, kind in self.since.get(site or "", ()) if since <= at]
        return kinds[-1] if kinds else None


def _changes(versions: list[SitePublished]) -> tuple[tuple[datetime, str], ...]:
    """Of the versions that are effective at an instant the latest counts."""
    changes = []
    for at in sorted({version.effective_from for version in versions}):
        effective = [version for version in versions if version.effective_from <= at]
        changes.append((at, max(effective, key=lambda version: version.version).ownership))
    return tuple(changes)
