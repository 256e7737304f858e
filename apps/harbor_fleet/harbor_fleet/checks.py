"""What a panel of counts tells about itself before anything is fitted to it."""

from typing import NamedTuple

import numpy as np

from harbor_fleet.panel import HOLD_OUT, Panel, between, known_days
from harbor_fleet.table import ERROR, NOTE, WARNING, Finding

__all__ = ["Depot", "check_panel", "depot_states", "fewest_counts"]

MINIMUM_OBSERVED = 56  # counts a depot needs before the hold-out: eight of each weekday
CLOSED_AFTER = 14  # days of zeros at the end
SILENT_AFTER = 14  # days without a count at the end
MANY_MISSING = 0.2  # share of a depot's days
OPEN, CLOSED, SILENT, NEW = "open", "closed", "silent", "new"


class Depot(NamedTuple):
    """The state of a depot at the last day with counts, and since when."""

    site: str
    state: str
    since: str

    def note(self) -> str:
        """What a planner should know; empty for an open depot."""
        return {
            OPEN: "",
            CLOSED: f"only zeros since {self.since}: forecast as closed",
            SILENT: f"no count since {self.since}: forecast as if it is open",
            NEW: f"few counts, the first on {self.since}: forecast from the other depots' week",
        }[self.state]


def depot_states(panel: Panel, window: int) -> list[Depot]:
    """The state of each depot of `panel`."""
    known = known_days(panel)
    few = {site for site, _ in fewest_counts(panel, window)}
    found = []
    for site, row in zip(panel.sites, panel.counts[:, :known], strict=True):
        seen = np.flatnonzero(np.isfinite(row))
        positive = np.flatnonzero(np.nan_to_num(row) > 0)
        last = int(seen[-1]) if seen.size else -1
        last_positive = int(positive[-1]) if positive.size else -1
        zeros = int((seen > last_positive).sum())
        if zeros >= CLOSED_AFTER and known - 1 - last < SILENT_AFTER:
            state, since = CLOSED, panel.dates[last_positive + 1]
        elif site in few:
            state, since = NEW, panel.dates[seen[0]] if seen.size else "no day"
        elif known - 1 - last >= SILENT_AFTER:
            state, since = SILENT, panel.dates[last + 1]
        else:
            state, since = OPEN, ""
        found.append(Depot(site, state, str(since)))
    return found


def fewest_counts(panel: Panel, window: int) -> list[tuple[str, str]]:
    """The sites with too few counts to fit on, each with a sentence that says so."""
    known = known_days(panel)
    fitted = panel.counts[:, max(known - window, 0) : known - HOLD_OUT]
    observed = np.isfinite(fitted).sum(axis=1)
    return [
        (
            site,
            f"column count: site {site!r} has {days} counts in the {fitted.shape[1]} days before "
            f"the last {HOLD_OUT}, and {MINIMUM_OBSERVED} are needed",
        )
        for site, days in zip(panel.sites, observed.tolist(), strict=True)
        if days < MINIMUM_OBSERVED
    ]


def check_panel(panel: Panel, window: int) -> list[Finding]:
    """Warnings and notes about the last `window` days, and an error where no depot can be used."""
    known = known_days(panel)
    recent = between(panel, known - window, known)
    return [
        *_state_findings(panel, window),
        *_missing_findings(recent),
        *_zero_findings(recent),
        *_holiday_findings(between(panel, known - window, len(panel.dates))),
    ]


def _state_findings(panel: Panel, window: int) -> list[Finding]:
    few = dict(fewest_counts(panel, window))
    if len(few) == len(panel.sites):
        problem = f"no depot has enough counts: {next(iter(few.values()))}"
        return [Finding(ERROR, "", problem, "add older rows")]
    cures = {
        CLOSED: "take it out of the table if it is gone for good",
        SILENT: "ask whether it is closed, and write zeros if it is",
    }
    found = []
    for depot in depot_states(panel, window):
        if depot.state == NEW:
            place, _, problem = few[depot.site].partition(": ")
            cure = "its forecast comes from the other depots' week, and the fit leaves it out"
            found.append(Finding(WARNING, place, problem, cure))
        elif depot.state != OPEN:
            problem = f"site {depot.site!r} has {depot.note()}"
            found.append(Finding(WARNING, "column count", problem, cures[depot.state]))
    return found


def _missing_findings(panel: Panel) -> list[Finding]:
    missing = np.isnan(panel.counts)
    if not missing.any():
        return []
    share = missing.mean(axis=1)
    found = [
        Finding(
            WARNING,
            "column count",
            f"site {panel.sites[row]!r} misses {100 * share[row]:.0f} % of its days",
            "its forecast leans on the other depots",
        )
        for row in np.flatnonzero(share > MANY_MISSING)
        if np.isfinite(panel.counts[row]).sum() >= MINIMUM_OBSERVED
    ]
    depots = int(missing.any(axis=1).sum())
    problem = f"{int(missing.sum())} days of {depots} depots have no count ({_share(missing)})"
    return [*found, Finding(NOTE, "column count", problem, "they are taken as missing, not as 0")]


def _zero_findings(panel: Panel) -> list[Finding]:
    zero = panel.counts == 0
    if not zero.any():
        return []
    depots = int(zero.any(axis=1).sum())
    problem = f"{int(zero.sum())} counts at {depots} depots are 0 ({_share(zero)})"
    return [Finding(NOTE, "column count", problem, "leave them empty where nothing was counted")]


def _share(flags: np.ndarray) -> str:
    share = 100 * flags.mean()
    return f"{share:.1f} %" if share >= 0.05 else "under 0.1 %"


def _holiday_findings(panel: Panel) -> list[Finding]:
    """Days that are a holiday at some depots of a city and not at others, or under two names."""
    cities = np.array(panel.cities or ("",) * len(panel.sites))
    found = []
    for city in sorted(set(cities)):
        inside = cities == city
        where = f" in {city}" if city else ""
        kind, name = panel.calendar.kind[inside], panel.calendar.name[inside]
        unlike = [
            day
            for day in range(kind.shape[1])
            if (kind[:, day] != kind[0, day]).any() or (name[:, day] != name[0, day]).any()
        ]
        if unlike:
            day = unlike[0]
            marked = int((kind[:, day] > 0).sum())
            labels = sorted(set(name[:, day]) - {""})
            said = f"{panel.dates[day]} is {' and '.join(map(repr, labels)) or 'a holiday'}"
            more = f" (and {len(unlike) - 1} more days)" if len(unlike) > 1 else ""
            problem = f"{said} at {marked} of {len(kind)} depots{where}{more}"
            cure = "give all depots the same days, unless this is meant"
            found.append(Finding(WARNING, "column holiday", problem, cure))
    return found
