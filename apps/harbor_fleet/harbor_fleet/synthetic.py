"""A made-up fleet that answers to a known formula: three cities of forty depots, 18 months."""

from datetime import date as Date

import numpy as np

from harbor_fleet.chicago import weekday_of_month
from harbor_fleet.panel import Panel, weekdays
from harbor_fleet.predictor import HOLIDAY, SPECIAL, Calendar

__all__ = ["synthetic_fleet"]

CITIES = ("Bergen", "Oslo", "Tromsø")
FIRST, DAYS = np.datetime64("2023-06-19"), 548
WEEK = np.array([0.05, 0.03, 0.03, 0.06, 0.16, 0.02, -0.35])  # Monday to Sunday
RUSH = {"Black Friday": 0.55, "Cyber Monday": 0.35}
GAMMA = 600.0  # the shape of the day's own chance: counts spread a little more than Poisson's


def synthetic_fleet(seed: int = 0, depots: int = 40, days: int = DAYS) -> Panel:
    """Daily orders of `3 * depots` depots over `days` days, the same for the same `seed`.

    The logarithm of a day's mean is a sum: the depot's size and trend, the weekday by city and by
    depot, two waves a year, holidays with a share of their own at each depot, Black Friday, Cyber
    Monday and the weeks before Christmas, levels of city and depot that wander, and shocks of a
    day. Counts are Poisson about that mean times a gamma variable.

    >>> panel = synthetic_fleet(seed=0, depots=2, days=200)
    >>> panel.counts.shape, panel.cities[-1]
    ((6, 200), 'Tromsø')
    """
    generator = np.random.default_rng(seed)
    dates = FIRST + np.arange(days)
    name, kind = _named_days(dates)
    city = np.repeat(np.arange(len(CITIES)), depots)
    logs = _slow_part(generator, dates, city)
    logs += _named_part(generator, dates, name, kind, len(city))
    logs += _wandering_part(generator, days, city)
    mean = np.exp(logs) * generator.gamma(GAMMA, 1 / GAMMA, logs.shape)
    counts = generator.poisson(mean).astype(float)
    shape = counts.shape
    calendar = Calendar(
        weekdays(dates),
        np.broadcast_to(name, shape).copy(),
        np.broadcast_to(kind, shape).copy(),
        np.zeros((*shape, 0)),
    )
    cities = tuple(CITIES[index] for index in city)
    sites = tuple(f"{label} {row % depots + 1:02}" for row, label in enumerate(cities))
    return Panel(sites, dates, counts, calendar, cities=cities)


def _named_days(dates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Names and kinds `(T,)`: six holidays, and the two days of the shopping season."""
    named: dict[Date, tuple[str, int]] = {}
    for year in sorted({date.year for date in dates.tolist()}):
        thanksgiving = weekday_of_month(year, 11, 3, 4)
        named |= {
            Date(year, 1, 1): ("New Year's Day", HOLIDAY),
            weekday_of_month(year, 5, 0, -1): ("Memorial Day", HOLIDAY),
            Date(year, 7, 4): ("Independence Day", HOLIDAY),
            weekday_of_month(year, 9, 0, 1): ("Labor Day", HOLIDAY),
            thanksgiving: ("Thanksgiving Day", HOLIDAY),
            Date.fromordinal(thanksgiving.toordinal() + 1): ("Black Friday", SPECIAL),
            Date.fromordinal(thanksgiving.toordinal() + 4): ("Cyber Monday", SPECIAL),
            Date(year, 12, 25): ("Christmas Day", HOLIDAY),
        }
    found = [named.get(date, ("", 0)) for date in dates.tolist()]
    return np.array([label for label, _ in found], dtype=object), np.array([k for _, k in found])


def _slow_part(generator: np.random.Generator, dates: np.ndarray, city: np.ndarray) -> np.ndarray:
    """Size, trend, weekday and season, `(N, T)`."""
    depots, weekday = len(city), weekdays(dates)
    size, trend = generator.normal(6.2, 0.6, depots), generator.normal(0.10, 0.12, depots)
    by_city = WEEK + generator.normal(0.0, 0.04, (len(CITIES), 7))
    by_depot = by_city[city] + generator.normal(0.0, 0.10, (depots, 7))
    swing = np.exp(generator.normal(0.0, 0.4, depots))
    first, second = generator.uniform(0.0, 2 * np.pi, (2, len(CITIES)))[:, city, None]
    angle = 2 * np.pi * _day_of_year(dates) / 365.25
    waves = 0.07 * np.cos(angle - first) + 0.03 * np.cos(2 * angle - second)
    years = np.arange(len(dates)) / 365
    return size[:, None] + trend[:, None] * years + by_depot[:, weekday] + swing[:, None] * waves


def _day_of_year(dates: np.ndarray) -> np.ndarray:
    return (dates - dates.astype("datetime64[Y]").astype("datetime64[D]")).astype(int) + 1


def _named_part(
    generator: np.random.Generator,
    dates: np.ndarray,
    name: np.ndarray,
    kind: np.ndarray,
    depots: int,
) -> np.ndarray:
    """What holidays and the shopping season add, `(N, T)`."""
    added = np.zeros((depots, len(dates)))
    for label in sorted(set(name[kind == HOLIDAY])):
        effect = generator.normal(-0.35, 0.15) + generator.normal(0.0, 0.12, depots)
        added[:, name == label] += effect[:, None]
    added[:, 1:] += 0.10 * (kind[:-1] == HOLIDAY)
    month = dates.astype("datetime64[M]")
    day = (dates - month.astype("datetime64[D]")).astype(int) + 1
    december = (month.astype(int) % 12 == 11) & (day <= 23)
    season = 0.08 * np.minimum(1.0, day / 10) * december
    season += sum(size * (name == label) for label, size in RUSH.items())
    return added + np.exp(generator.normal(0.0, 0.15, depots))[:, None] * season


def _wandering_part(generator: np.random.Generator, days: int, city: np.ndarray) -> np.ndarray:
    """Levels and shocks of depots and of cities, and surprises that nothing announces."""
    depots, cities = len(city), len(CITIES)
    week = 7**0.5
    of_depot = _autoregression(generator, (depots, days), 0.998, 0.027 / week)
    of_depot += _autoregression(generator, (depots, days), 0.25, 0.033 * (1 - 0.25**2) ** 0.5)
    of_city = _autoregression(generator, (cities, days), 0.998, 0.020 / week)
    of_city += _autoregression(generator, (cities, days), 0.30, 0.028 * (1 - 0.30**2) ** 0.5)
    chance = generator.random((2, depots, days)) < np.array([0.002, 0.0008])[:, None, None]
    surprise = chance[0] * generator.normal(0.0, 0.5, (depots, days)) - 1.2 * chance[1]
    return of_depot + of_city[city] + surprise


def _autoregression(
    generator: np.random.Generator, shape: tuple[int, int], memory: float, deviation: float
) -> np.ndarray:
    """Rows of an AR(1) process whose steps deviate by `deviation`, from 0."""
    steps = generator.normal(0.0, deviation, shape)
    values = np.zeros(shape)
    values[:, 0] = steps[:, 0]
    for day in range(1, shape[1]):
        values[:, day] = memory * values[:, day - 1] + steps[:, day]
    return values
