"""The deployed half of the forecaster: features and model in NumPy alone, in this one file.

Training imports its features from here, so what is served can not drift from what was fitted.
Copied anywhere with `weights.npz`, it runs by itself::

    python predictor.py weights.npz history.csv > forecast.csv

`history.csv` holds `site,date,count` and, where training had them, `holiday`, `holiday_name`,
`special` and the other covariates. Rows after a site's last count may carry an empty count: they
tell which coming days are holidays.
"""

import csv
import sys
from typing import NamedTuple

import numpy as np

__all__ = [
    "CROP",
    "HOLIDAY",
    "HORIZON",
    "LOG_UNIT",
    "SPECIAL",
    "Baseline",
    "Calendar",
    "Scaling",
    "baseline",
    "feature_names",
    "features",
    "forecast",
    "gru_network",
    "known_before",
    "load_weights",
    "main",
    "named_day",
    "origin_window",
    "read_history",
    "save_weights",
    "scaling",
]

HORIZON = 7  # days forecast from one origin
CROP = 70  # days one run of the network reads, the last of them the forecast
LOG_UNIT = 0.25  # the network's output counts in quarters of a log unit
HOLIDAY, SPECIAL = 1, 2  # kinds of named days; 0 is an ordinary day
LAGS = (7, 14, 21, 28)
LOOK_BACK = 35  # days before a crop that its features look at, and a week to spare
SHRINK = 2.0  # a mean over n named days is weighed n / (n + SHRINK)
FEWEST_TO_COMPARE = 3  # depots that saw a name, for one to be drawn towards the others
BASE_NOISE = 1.25  # a day and the mean of four vary by this much of a day's variance
PROFILE_WEEKS = 12  # weeks over which a weekday's usual deviation from its week is taken
OLDER_WEEKS = 24  # weeks whose weekdays are compared with those of the last four
LARGEST_MOVE = 0.5  # log units by which one day may leave its base and still count in full
CLIP = 3.0  # inputs are cut off here, in units of the depot's usual surprise


class Calendar(NamedTuple):
    """What is known about each day in advance, for `N` depots and `T` days.

    `weekday`: int `(T,)`, Monday is 0. `name`: str `(N, T)`, the named day or ''.
    `kind`: int `(N, T)`, 0, `HOLIDAY` or `SPECIAL`. `covariates`: float `(N, T, C)`.
    """

    weekday: np.ndarray
    name: np.ndarray
    kind: np.ndarray
    covariates: np.ndarray


class Baseline(NamedTuple):
    """What simple arithmetic expects of each day, in `log1p(count)`; all `(N, T)`.

    `level`: the weekday's base plus the named day's usual effect. `clean`: the series with named
    and missing days replaced. `older`: by how much the weekday stood higher in its week during the
    weeks before the last four than in those. `effect`: the part of `level` owed to the named day.
    `surprise`: what was seen minus `level`, 0 where nothing can be learnt. `usable`: whether the
    day may be learnt from.
    """

    level: np.ndarray
    clean: np.ndarray
    older: np.ndarray
    effect: np.ndarray
    surprise: np.ndarray
    usable: np.ndarray


class Scaling(NamedTuple):
    """What inputs are divided by: `surprise` `(N,)`, each depot's usual surprise in log units;
    `center` and `spread` `(C,)`, the mean and the deviation of each covariate.
    """

    surprise: np.ndarray
    center: np.ndarray
    spread: np.ndarray


def baseline(counts: np.ndarray, calendar: Calendar) -> Baseline:
    """The weekday base of `counts` `(N, T)`; NaN is a missing day.

    Day `t` uses days up to `t - 7` only, so a forecast of up to `HORIZON` days never looks at
    itself. The base is the mean level of the last four weeks, plus the weekday's usual deviation
    from its week over the last `PROFILE_WEEKS`. Named days are replaced by their own base so that
    one Christmas does not lower four Fridays, and other days moved by at most `LARGEST_MOVE` so
    that one closure does not either.
    """
    logs = np.log1p(counts)
    seen = np.isfinite(logs)
    level, clean, older = _weekday_level(logs, seen & (calendar.kind == 0))
    effect, known = _named_day_effects(logs, level, calendar)
    level = level + effect
    days = counts.shape[1]
    first = np.where(seen.any(axis=1), seen.argmax(axis=1), days)
    settled = np.arange(days) >= first[:, None] + max(LAGS)
    usable = seen & known & settled
    surprise = np.where(usable, logs - level, 0.0)
    return Baseline(level, clean, older, effect, surprise, usable)


def _weekday_level(
    logs: np.ndarray, ordinary: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The level without named days, the cleaned series, and what older weeks say of the weekday.

    A week at a time, since nothing nearer than seven days is used. A day's deviation is that from
    the mean of the seven days that end with it; its mean by weekday is the profile of a week.
    """
    depots, days = logs.shape
    weeks = -(-days // 7)
    whole = ((0, 0), (0, 7 * weeks - days))
    by_week = depots, weeks, 7
    logs_by_week = np.pad(logs, whole, constant_values=np.nan).reshape(by_week)
    ordinary_by_week = np.pad(ordinary, whole).reshape(by_week)
    level, clean, deviation, older = np.zeros((4, *by_week))
    flat = clean.reshape(depots, 7 * weeks)
    start = _opening_level(logs)[:, None]
    for week in range(weeks):
        last = slice(max(week - len(LAGS), 0), week)
        level[:, week] = clean[:, last].mean(axis=1) if week else start
        if week > len(LAGS) + 1:
            recent = deviation[:, last].mean(axis=1)
            profile = deviation[:, max(week - PROFILE_WEEKS, 1) : week].mean(axis=1)
            level[:, week] += profile - recent
            before = deviation[:, max(week - OLDER_WEEKS, 1) : week - len(LAGS)]
            older[:, week] = before.mean(axis=1) - recent
        moved = np.clip(logs_by_week[:, week] - level[:, week], -LARGEST_MOVE, LARGEST_MOVE)
        clean[:, week] = level[:, week] + np.where(ordinary_by_week[:, week], moved, 0.0)
        if week:
            ending = [flat[:, 7 * week - back : 7 * week - back + 7] for back in range(7)]
            deviation[:, week] = clean[:, week] - sum(ending) / 7
    level, clean, older = (part.reshape(depots, -1)[:, :days] for part in (level, clean, older))
    return level, clean, older


def _opening_level(logs: np.ndarray) -> np.ndarray:
    """The median of each depot's first 28 observed days, used before a weekday was ever seen."""
    opening = []
    for row in logs:
        observed = row[np.isfinite(row)][: max(LAGS)]
        opening.append(np.median(observed) if observed.size else 0.0)
    return np.array(opening)


def _named_day_effects(
    logs: np.ndarray, level: np.ndarray, calendar: Calendar
) -> tuple[np.ndarray, np.ndarray]:
    """The expected effect of each named day, and whether that name was seen before.

    Seen on the same weekday, a name carries its difference to that weekday; seen on another, it
    carries its level against the week's mean. What one depot saw is drawn towards the mean of all,
    the more the noisier its days are. A first-seen name gets the depot's shrunken mean.
    """
    depots, days = logs.shape
    effect, known = np.zeros((depots, days)), np.ones((depots, days), dtype=bool)
    week, variance = _week_mean(level), _day_variance(logs - level, calendar.kind)
    observed = np.isfinite(logs)
    history: dict[str, list[tuple[int, np.ndarray]]] = {}
    sums, times = np.zeros((3, depots)), np.zeros((3, depots))  # by kind of day
    everyone, waiting = np.arange(depots), []
    for day in np.flatnonzero((calendar.kind > 0).any(axis=0)).tolist():
        # Only days a full horizon back are certain to lie before the origin.
        while waiting and waiting[0] <= day - HORIZON:
            past = waiting.pop(0)
            for label, rows in _labels(calendar, past):
                history.setdefault(label, []).append((past, rows & observed[:, past]))
            difference = np.where(observed[:, past], logs[:, past] - level[:, past], 0.0)
            sums[calendar.kind[:, past], everyone] += difference
            times[calendar.kind[:, past], everyone] += observed[:, past]
        waiting.append(day)
        kind = calendar.kind[:, day]
        prior = sums[kind, everyone] / (times[kind, everyone] + SHRINK)
        moved = week[:, day] - level[:, day]
        for label, rows in _labels(calendar, day):
            total, count = np.zeros(depots), np.zeros(depots)
            for past, held in history.get(label, [])[-4:]:
                alike = calendar.weekday[past] == calendar.weekday[day]
                carried = -level[:, past] if alike else moved - week[:, past]
                total[held] += (logs[:, past] + carried)[held]
                count[held] += 1
            own = _drawn_together(total, count, variance[:, max(day - HORIZON, 0)])
            effect[:, day] = np.where(rows, np.where(count > 0, own, prior), effect[:, day])
            known[:, day] &= ~rows | (count > 0)
    return effect, known


def _week_mean(level: np.ndarray) -> np.ndarray:
    """The mean of the seven days of `level` that end with each."""
    total = np.pad(np.cumsum(level, axis=1), ((0, 0), (1, 0)))
    first = np.maximum(np.arange(level.shape[1]) - 6, 0)
    return (total[:, 1:] - total[:, first]) / (np.arange(level.shape[1]) - first + 1)


def _day_variance(difference: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """How much an ordinary day varies about its base, from the days up to each; `(N, T)`."""
    ordinary = np.isfinite(difference) & (kind == 0)
    ordinary[:, : max(LAGS)] = False
    size = np.where(ordinary, np.abs(difference).clip(max=LARGEST_MOVE), 0.0)
    mean = np.cumsum(size, axis=1) / np.maximum(np.cumsum(ordinary, axis=1), 1)
    return 0.5 * np.pi * mean**2


def _labels(calendar: Calendar, day: int) -> list[tuple[str, np.ndarray]]:
    """The names of `day`, each with the depots `(N,)` that have it."""
    names = np.where(calendar.kind[:, day] > 0, calendar.name[:, day], "")
    return [(label, names == label) for label in sorted(set(names.tolist()) - {""})]


def _drawn_together(total: np.ndarray, count: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Each depot's mean of `count` effects, drawn towards the mean of all depots.

    An observed effect varies by the depots' true differences and by the noise of a day and its
    base. Source: Efron and Morris 1975, doi:10.1080/01621459.1975.10479864, with unequal noise.
    """
    own, seen = total / np.maximum(count, 1), count > 0
    if seen.sum() < FEWEST_TO_COMPARE:
        return own
    noise = BASE_NOISE * variance / np.maximum(count, 1)
    true = max(own[seen].var(ddof=1) - noise[seen].mean(), 0.0)
    middle = own[seen].mean()
    return middle + (own - middle) * true / (true + noise + 1e-9)


def scaling(base: Baseline, calendar: Calendar) -> Scaling:
    """The scales of the inputs over the days given: quartiles, which outliers do not move."""
    spread = []
    for surprise, usable in zip(base.surprise, base.usable, strict=True):
        low, high = np.percentile(surprise[usable], [25, 75]) if usable.any() else (0.0, 1.0)
        spread.append(max(high - low, 0.01))
    center = calendar.covariates.mean(axis=(0, 1))
    deviation = calendar.covariates.std(axis=(0, 1))
    return Scaling(np.array(spread), center, np.where(deviation > 0, deviation, 1.0))


def feature_names(covariates: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The names of the last axis of `features`, in order."""
    weekdays = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return (
        *(f"surprise_{back}_before_origin" for back in range(HORIZON, 0, -1)),
        *(f"step_{step}" for step in range(1, HORIZON + 1)),
        *weekdays,
        *(f"lag_{lag}" for lag in LAGS),
        "older_weekdays",
        *("holiday", "special", "after_named_day", "before_named_day", "named_day_effect"),
        *covariates,
    )


def features(base: Baseline, calendar: Calendar, scales: Scaling, origin: int) -> np.ndarray:
    """The network's inputs, float32 `(N, T, F)`, for weekly origins that include day `origin`.

    At day `t` with latest origin `o <= t`, everything that depends on counts is from before `o`.
    """
    days = base.level.shape[1]
    step = (np.arange(days) - origin) % HORIZON
    padded = np.pad(base.surprise / scales.surprise[:, None], ((0, 0), (2 * HORIZON, 0)))
    back = np.arange(-HORIZON, 0)
    surprise = padded[:, (np.arange(days) - step)[:, None] + 2 * HORIZON + back]
    lags = np.stack([_delayed(base.clean, lag) for lag in LAGS], axis=-1)
    lags = lags - (base.level - base.effect)[:, :, None]
    lags[:, : max(LAGS)] = 0.0
    lags = np.concatenate([lags, base.older[:, :, None]], axis=2)
    named = (calendar.kind > 0).astype(float)
    after = _delayed(named, 1)
    before = np.concatenate([named[:, 1:], np.zeros_like(named[:, :1])], axis=1)
    flags = np.stack(
        [
            calendar.kind == HOLIDAY,
            calendar.kind == SPECIAL,
            after,
            before,
            np.clip(base.effect / LOG_UNIT, -CLIP, CLIP),
        ],
        axis=-1,
    )
    eye = np.eye(7)
    shared = np.concatenate([eye[step], eye[calendar.weekday]], axis=1)
    shared = np.broadcast_to(shared, (len(base.level), days, 14))
    parts = [
        np.clip(surprise, -CLIP, CLIP),
        shared,
        np.clip(lags / scales.surprise[:, None, None], -CLIP, CLIP),
        flags,
        np.clip((calendar.covariates - scales.center) / scales.spread, -CLIP, CLIP),
    ]
    return np.concatenate(parts, axis=2).astype(np.float32)


def _delayed(values: np.ndarray, lag: int) -> np.ndarray:
    """`values` `(N, T)` moved `lag` days later, zeros first."""
    moved = np.zeros_like(values)
    moved[:, lag:] = values[:, :-lag]
    return moved


def origin_window(origin: int, days: int) -> tuple[int, int, int]:
    """`(start, stop, steps)`: the days one forecast reads, and how many of the last are forecast.

    Raises `ValueError` when fewer than `CROP` days lead up to `stop`.
    """
    stop = min(origin + HORIZON, days)
    if stop < CROP:
        raise ValueError(f"{origin} days of history are too few; {CROP - HORIZON} are needed")
    return stop - CROP, stop, stop - origin


def gru_network(parameters: dict, inputs: np.ndarray) -> np.ndarray:
    """The two-layer GRU: `inputs` `(N, T, F)` to residuals `(N, T)` in units of `LOG_UNIT`.

    Source: Cho et al. 2014 (arXiv:1406.1078), with the reset gate after the product.
    """
    depots, days, _ = inputs.shape
    embedding = np.broadcast_to(parameters["embedding"][:, None], (depots, days, 4))
    outputs = np.concatenate([inputs, embedding], axis=2)
    for layer in ("first", "second"):
        weights = parameters[layer]
        width = weights["state"].shape[0]
        state = np.zeros((depots, width), np.float32)
        projected = outputs @ weights["input"] + weights["bias"]
        outputs = np.zeros((depots, days, width), np.float32)
        for day in range(days):
            given, recalled = projected[:, day], state @ weights["state"]
            gates = _sigmoid(given[:, : 2 * width] + recalled[:, : 2 * width])
            reset, update = gates[:, :width], gates[:, width:]
            candidate = recalled[:, 2 * width :] + weights["candidate_bias"]
            candidate = np.tanh(given[:, 2 * width :] + reset * candidate)
            state = update * state + (1 - update) * candidate
            outputs[:, day] = state
    return outputs @ parameters["head"]["weight"] + parameters["head"]["bias"]


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return 0.5 * (np.tanh(0.5 * values) + 1)


def known_before(counts: np.ndarray, origin: int) -> np.ndarray:
    """`counts` `(N, T)` with day `origin` and all later days missing."""
    return np.where(np.arange(counts.shape[1]) < origin, counts, np.nan)


def forecast(
    weights: dict, counts: np.ndarray, calendar: Calendar, origin: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts expected from day `origin` on, and the ends of their 80 % intervals, each `(N, up to
    HORIZON)`; later counts are not read.

    `counts` is `(N, T)`, NaN for missing; `weights` comes from `load_weights`.
    """
    base = baseline(known_before(counts, origin), calendar)
    start, stop, steps = origin_window(origin, counts.shape[1])
    first = max(start - LOOK_BACK, 0)
    days = slice(first, stop + 1)  # the day after tells whether a named day is near
    near = Baseline(*(part[:, days] for part in base))
    near_calendar = Calendar(calendar.weekday[days], *(part[:, days] for part in calendar[1:]))
    inputs = features(near, near_calendar, Scaling(**weights["scales"]), origin - first)
    inputs, members = inputs[:, start - first : stop - first], weights["parameters"].values()
    residual = np.mean([gru_network(one, inputs)[:, -steps:] for one in members], axis=0)
    logs = base.level[:, stop - steps : stop] + LOG_UNIT * residual
    margins = weights["margins"][:, :, :steps]
    point, low, high = (np.maximum(np.expm1(logs + move), 0.0) for move in (0.0, *margins))
    return point, low, high


def save_weights(path: str, weights: dict) -> None:
    """Writes a nested dict of arrays as `.npz`; the names of a path are joined by `/`."""

    def flat(inside: dict, prefix: str) -> dict[str, np.ndarray]:
        arrays = {}
        for name, value in inside.items():
            nested = isinstance(value, dict)
            arrays |= flat(value, f"{prefix}{name}/") if nested else {prefix + name: value}
        return arrays

    arrays = {name: np.asarray(value) for name, value in flat(weights, "").items()}
    np.savez(path, **arrays)  # type: ignore[arg-type]


def load_weights(path: str) -> dict:
    """Reads `weights.npz`: `sites`, `covariates`, `margins` `(2, N, 7)`, the nested `scales`, and
    `parameters`, which hold those of each member of the ensemble.
    """
    weights: dict = {}
    with np.load(path) as archive:
        for key in archive.files:
            *folders, leaf = key.split("/")
            inside = weights
            for folder in folders:
                inside = inside.setdefault(folder, {})
            inside[leaf] = archive[key]
    return weights


def read_history(
    path: str, sites: list[str], covariates: list[str]
) -> tuple[np.ndarray, np.ndarray, Calendar, int]:
    """`(dates, counts, calendar, origin)` of a csv; `origin` is the day after the last count."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise ValueError(f"{path} has no rows")
    missing = [name for name in ["site", "date", "count", *covariates] if name not in rows[0]]
    if missing:
        raise ValueError(f"{path} has no column {missing[0]!r}")
    absent = set(sites) - {row["site"] for row in rows}
    if absent:
        raise ValueError(f"{path} has no rows for site {min(absent)!r}, which the weights know")
    row_days = np.array([row["date"] for row in rows], dtype="datetime64[D]")
    observed = [day for day, row in zip(row_days, rows, strict=True) if row["count"]]
    first, last = row_days.min(), max(observed)
    origin = int((last - first).astype(int)) + 1
    dates = first + np.arange(origin + HORIZON)
    shape = (len(sites), len(dates))
    counts, kind = np.full(shape, np.nan), np.zeros(shape, int)
    name = np.full(shape, "", dtype=object)
    extra = np.zeros((*shape, len(covariates)))
    position = {site: index for index, site in enumerate(sites)}
    for row, offset in zip(rows, (row_days - first).astype(int), strict=True):
        if row["site"] not in position or offset >= len(dates):
            continue
        place = position[row["site"]], offset
        counts[place] = float(row["count"] or "nan")
        name[place], kind[place] = named_day(
            row.get("holiday", ""), row.get("holiday_name", ""), row.get("special", "")
        )
        extra[place] = [float(row[covariate]) for covariate in covariates]
    weekday = (dates.astype(int) + 3) % 7
    return dates, counts, Calendar(weekday, name, kind, extra), origin


def named_day(holiday: str, holiday_name: str, special: str) -> tuple[str, int]:
    """The name and kind of a day from its three columns; ('', 0) for an ordinary day.

    >>> named_day("1", "Founders' Day", "")
    ("Founders' Day", 1)
    """
    if holiday_name or holiday not in ("", "0"):
        return holiday_name or "holiday", HOLIDAY
    return (special, SPECIAL) if special else ("", 0)


def main() -> None:
    """Prints `site,date,low,high,forecast` for the `HORIZON` days after the last count."""
    if len(sys.argv) != 3:
        sys.exit("usage: python predictor.py weights.npz history.csv")
    weights = load_weights(sys.argv[1])
    sites = [str(site) for site in weights["sites"]]
    covariates = [str(name) for name in weights["covariates"]]
    try:
        dates, counts, calendar, origin = read_history(sys.argv[2], sites, covariates)
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    point, low, high = forecast(weights, counts, calendar, origin)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["site", "date", "low", "high", "forecast"])
    for site, *rows in zip(sites, low, high, point, strict=True):
        for date, *values in zip(dates[origin:], *rows, strict=True):
            writer.writerow([site, date, *(f"{value:.9g}" for value in values)])


if __name__ == "__main__":
    main()
