"""How far a forecast is from what happened."""

from typing import NamedTuple

import numpy as np

__all__ = ["Scores", "coverage", "score"]


class Scores(NamedTuple):
    """MAPE, MAPE10 and WAPE in per cent; MASE as a ratio, under 1 is better than last week's.

    `closures` is the number of days that MAPE counts and MAPE10 does not.
    """

    mape: float
    mape10: float
    wape: float
    mase: float
    closures: int


def score(actual: np.ndarray, predicted: np.ndarray, history: np.ndarray) -> Scores:
    """Scores `predicted` against `actual`, both `(N, H)`; NaN in `actual` is not counted.

    `history` `(N, T)` are the counts before the hold-out: MASE divides by their mean lag-7 error
    (Hyndman and Koehler 2006, doi:10.1016/j.ijforecast.2006.03.001), and MAPE10 leaves out days
    under a tenth of their median, which are closures. MAPE leaves out days with a count of 0,
    and MASE depots that never changed from one week to the next.

    >>> history = np.array([[10.0] * 7 + [12.0] * 7])
    >>> scores = score(np.array([[10.0, 20.0]]), np.array([[11.0, 18.0]]), history)
    >>> scores.mape, scores.wape, scores.mase
    (10.0, 10.0, 0.75)
    """
    seen = np.isfinite(actual)
    error = np.where(seen, np.abs(predicted - actual), 0.0)
    positive = seen & (actual > 0)
    open_days = positive & (actual >= 0.1 * np.nanmedian(history, axis=1, keepdims=True))
    changes = np.abs(history[:, 7:] - history[:, :-7])
    pairs = np.isfinite(changes).sum(axis=1, keepdims=True)
    lag_error = np.nansum(changes, axis=1, keepdims=True) / np.maximum(pairs, 1)
    scalable = seen & (lag_error > 0)
    scaled = error / np.where(lag_error > 0, lag_error, 1.0)
    return Scores(
        100 * float(np.mean(error[positive] / actual[positive])),
        100 * float(np.mean(error[open_days] / actual[open_days])),
        100 * float(error.sum() / actual[seen].sum()),
        float(np.mean(scaled[scalable])),
        int((positive & ~open_days).sum()),
    )


def coverage(actual: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """The share of observed days, in per cent, that lie between `low` and `high`, all `(N, H)`.

    >>> coverage(np.array([[4.0, 9.0, np.nan]]), np.full((1, 3), 3.0), np.full((1, 3), 5.0))
    50.0
    """
    seen = np.isfinite(actual)
    inside = (low <= actual) & (actual <= high)
    return 100 * float(inside[seen].mean())
