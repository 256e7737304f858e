"""The picture of a hold-out: what happened and what was forecast, for a few depots."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from harbor_fleet.panel import HOLD_OUT, Panel, origins

__all__ = ["plot_hold_out"]

BEFORE = 28  # days drawn before the hold-out
ACTUAL, NETWORK, NAIVE = "#333333", "#c1440e", "#9db4c0"


def plot_hold_out(
    panel: Panel, network: np.ndarray, naive: np.ndarray, path: Path, depots: int = 6
) -> None:
    """Draws actual, network and seasonal naive `(N, 30)` as a PNG at `path`.

    The depots shown are spread evenly from the busiest to the quietest.
    """
    order = np.argsort(-np.nanmedian(panel.counts, axis=1))
    shown = order[np.linspace(0, len(order) - 1, min(depots, len(order))).astype(int)]
    rows = -(-len(shown) // 2)
    figure = Figure(figsize=(13, 2.6 * rows + 0.9), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, min(2, len(shown)), sharex=True, squeeze=False)
    for axes, depot in zip(grid.flat, shown, strict=False):
        _draw_depot(axes, panel, depot, network[depot], naive[depot])
    for axes in grid.flat[len(shown) :]:
        axes.set_visible(False)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=4, frameon=False)
    first, last = panel.dates[-HOLD_OUT], panel.dates[-1]
    title = f"Daily counts, forecast up to 7 days ahead: {first} to {last}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=13)
    figure.savefig(path, dpi=110)


def _draw_depot(axes, panel: Panel, depot: int, network: np.ndarray, naive: np.ndarray) -> None:
    span = panel.dates[-HOLD_OUT - BEFORE :]
    held = panel.dates[-HOLD_OUT:]
    for origin in origins(len(panel.dates)):
        axes.axvline(panel.dates[origin], color="#eeeeee", linewidth=1, zorder=0)
    axes.plot(held, naive, color=NAIVE, linewidth=1.4, label="seasonal naive")
    actual = panel.counts[depot, -len(span) :]
    axes.plot(span, actual, color=ACTUAL, linewidth=1.2, marker=".", markersize=4, label="actual")
    axes.plot(held, network, color=NETWORK, linewidth=1.8, label="GRU forecast")
    axes.axvline(held[0], color="#888888", linestyle=":", linewidth=1.2, label="hold-out begins")
    axes.set_title(panel.sites[depot], loc="left", fontsize=10)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.spines[["top", "right"]].set_visible(False)
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
