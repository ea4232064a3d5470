"""
Charts of what was measured
===========================

Draws tables of the pages "Measured", as they stand there. The runs that write these call it
at their end: ``python docs/draw_measured.py [speed] [accuracy]``.
"""  # noqa: D205, D400

import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

DOCS = Path(__file__).parent
OURS, OTHERS = "C0", ["0.45", "0.65", "0.3", "0.8"]
MARKERS = "osD^v"


def read_table(page: str, begin: str) -> pd.DataFrame:
    """Read the first table after some text of a page, as strings.

    Parameters
    ----------
    page : str
        Name of a page in ``docs/measured``.
    begin : str
        What stands before the table: a heading, or the comment that names it.

    Returns
    -------
    table : DataFrame
        One row per line; the first column is the index.
    """
    text = (DOCS / "measured" / f"{page}.md").read_text("utf-8")
    after = text[text.index(begin) :]
    lines = re.search(r"(?:^\|.*\n)+", after, re.M)[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return pd.DataFrame(rows[2:], columns=rows[0]).set_index(rows[0][0])


def numbers(column: pd.Series) -> pd.Series:
    """Take the number that each cell begins with; NaN where there is none."""
    found = column.str.strip("* ").str.extract(r"^(-?[\d.]+)", expand=False)
    return pd.to_numeric(found)


def figure_of(height: float) -> tuple[plt.Figure, plt.Axes]:
    """Make a figure of the width of a page."""
    return plt.subplots(figsize=(8, height), layout="constrained")


def bars(ratios: pd.Series, label: str) -> plt.Figure:
    """Draw ratios as bars from 1, on a logarithmic axis; less is better."""
    figure, ax = figure_of(0.6 + 0.26 * len(ratios))
    logs, places = np.log2(ratios), np.arange(len(ratios))[::-1]
    colours = np.where(logs <= 0, OURS, "C1")
    ax.barh(places, logs, color=colours, height=0.7)
    ax.axvline(0, color="black", linewidth=1)
    ax.set_yticks(places, ratios.index)
    ticks = np.array([0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8])
    shown = (ticks > ratios.min() / 1.5) & (ticks < max(ratios.max(), 1) * 1.3)
    ax.set_xticks(np.log2(ticks[shown]), [f"{tick:g}" for tick in ticks[shown]])
    ax.set_xlabel(label, loc="right")  # names at the left leave little room
    ax.margins(y=0.02)
    ax.spines[["top", "right", "left"]].set_visible(False)
    return figure


def dots(table: pd.DataFrame, ours: str, label: str) -> plt.Figure:
    """Draw one line of dots per row: this package beside others."""
    figure, ax = figure_of(0.9 + 0.42 * len(table))
    places = np.arange(len(table))[::-1]
    ax.hlines(places, table.min(axis=1), table.max(axis=1), color="0.85", zorder=0)
    others = table.drop(columns=ours)
    for name, colour, marker in zip(others, OTHERS * 2, MARKERS * 2, strict=False):
        ax.scatter(others[name], places, color=colour, marker=marker, label=name, s=40)
    ax.scatter(table[ours], places, color=OURS, label=ours, s=70, zorder=3)
    ax.set_yticks(places, table.index)
    ax.set_xlabel(label, loc="right")  # names at the left leave little room
    ax.margins(y=0.12)
    ax.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1), frameon=False)
    ax.spines[["top", "right", "left"]].set_visible(False)
    return figure


def draw_speed() -> dict[str, plt.Figure]:
    """Draw times of training, to those of the loop by hand and of skorch."""
    by_hand = numbers(read_table("speed", "### Training\n")["ratio"])
    clipped = by_hand[by_hand.index.str.endswith(", clipped")]
    skorch = numbers(read_table("speed", "### Training beside skorch")["ratio"])
    clipped.index = clipped.index.str.removesuffix(", clipped")
    skorch.index = "skorch: " + skorch.index.str.removesuffix(", clipped")
    label = (
        "time of fit, to that of the same training by hand, or by skorch (less is better)"
    )
    return {"training": bars(pd.concat([clipped, skorch]), label)}


def draw_accuracy() -> dict[str, plt.Figure]:
    """Draw the tables of long horizons, of classes, and of the defaults."""
    etth1 = read_table("accuracy", "begin etth1")
    of_all = ["DLinear", "PatchTST", "SparseTSF", "SegRNN", "sklstm: MSE"]
    errors = etth1[of_all].apply(numbers).rename(columns={"sklstm: MSE": "sklstm"})
    errors.index = [f"{horizon} hours" for horizon in errors.index]

    classes = read_table("accuracy", "begin classification").iloc[:, :3].apply(numbers)

    panels = read_table("accuracy", "begin default panels").iloc[:, :7].apply(numbers)
    panels = panels.rename(columns=lambda name: name.strip("`"))
    relative = panels.div(panels["AutoETS"], axis=0).drop(columns="AutoETS")

    series = numbers(read_table("accuracy", "begin default series")["to AutoETS"])
    series.index = series.index.str.strip("*")
    return {
        "etth1": dots(errors, "sklstm", "mean squared error (less is better)"),
        "classes": dots(classes, "sklstm", "accuracy (more is better)"),
        "panels": dots(
            relative, "LSTMForecaster()", "MASE, to that of AutoETS (less is better)"
        ),
        "series": bars(
            series, "mean absolute error of LSTMForecaster(), to that of AutoETS"
        ),
    }


DRAW = {"speed": draw_speed, "accuracy": draw_accuracy}


def main(pages: list[str]) -> None:
    """Draw and save the charts of some pages."""
    for page in pages:
        for name, figure in DRAW[page]().items():
            figure.savefig(DOCS / "images" / f"measured_{name}.png", dpi=100)
            plt.close(figure)


if __name__ == "__main__":
    main(sys.argv[1:] or list(DRAW))
