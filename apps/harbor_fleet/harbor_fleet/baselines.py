"""What the network must beat, in NumPy; `rivals.py` has what other packages say."""

import numpy as np

__all__ = ["seasonal_naive", "weekday_median"]


def seasonal_naive(counts: np.ndarray, origin: int, stop: int) -> np.ndarray:
    """Days `origin` to `stop` (at most a week) as their weekday last week.

    `counts` is `(N, T)`; a missing day falls back on the weekday before it, and a weekday that was
    never observed on the median of what was.

    >>> seasonal_naive(np.array([[1.0, 2, 3, 4, 5, 6, 7]]), 7, 9).tolist()
    [[1.0, 2.0]]
    """
    expected = np.full((len(counts), stop - origin), np.nan)
    for day in range(origin, stop):
        for past in range(day - 7, -1, -7):
            column = expected[:, day - origin]
            expected[:, day - origin] = np.where(np.isnan(column), counts[:, past], column)
    middle = np.nanmedian(counts[:, :origin], axis=1, keepdims=True)
    return np.where(np.isnan(expected), middle, expected)


def weekday_median(counts: np.ndarray, origin: int, stop: int, weeks: int = 8) -> np.ndarray:
    """Days `origin` to `stop` (at most a week) as the median of their weekday in the last `weeks`.

    `counts` is `(N, T)`; a weekday never observed in them falls back on the median of what was.

    >>> weekday_median(np.array([[1.0, 2, 3, 4, 5, 6, 7] * 2 + [9.0] * 7]), 21, 23).tolist()
    [[1.0, 2.0]]
    """
    past = counts[:, max(origin - 7 * weeks, origin % 7) : origin]
    by_week = past.reshape(len(counts), -1, 7)
    middle = np.nanmedian(counts[:, :origin], axis=1, keepdims=True)
    unseen = np.isnan(by_week).all(axis=1, keepdims=True)
    expected = np.nanmedian(np.where(unseen, middle[:, :, None], by_week), axis=1)
    return expected[:, : stop - origin]
