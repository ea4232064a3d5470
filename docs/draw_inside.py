"""
Pictures of the inside of an LSTM
=================================

Trains two small networks on tasks of which one knows what has to be remembered, and draws
their gates for the page on the inside of an LSTM; a third reads airline passengers with
months missing. Run it with ``python docs/draw_inside.py [folder]``; the folder is
"docs/images" by default. It takes a minute.
"""  # noqa: D205, D400

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline
from sktime.datasets import load_airline

from sklstm import LSTMRegressor, SlidingWindowTransformer
from sklstm.inspection import gate_activations, saturation
from sklstm.plotting import (
    AttributionDisplay,
    GateDisplay,
    ImportanceDisplay,
    SaturationDisplay,
)

N_STEPS = 50


def adding(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Give numbers of which two are marked, and the sum of these."""
    rng = np.random.default_rng(seed)
    numbers, marks = rng.uniform(size=(n, N_STEPS)), np.zeros((n, N_STEPS))
    half = N_STEPS // 2
    for row, (first, second) in enumerate(rng.integers(half, size=(n, 2))):
        marks[row, [first, half + second]] = 1
    return np.stack([numbers, marks], axis=2), (numbers * marks).sum(axis=1)


def since(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Give steps at which something happens, and how long ago it last did."""
    happens = np.random.default_rng(seed).uniform(size=(n, N_STEPS)) < 0.06
    happens[:, 0] = True
    ago = np.argmax(happens[:, ::-1], axis=1)
    return happens[:, :, None].astype(float), ago.astype(float)


def draw_adding() -> dict[str, plt.Figure]:
    """Let a network add, and look at how it keeps the first number."""
    X, y = adding(4000, seed=0)
    model = LSTMRegressor(
        hidden_size=16,
        memory_length=N_STEPS,
        learning_rate=0.005,
        max_epochs=15,
        batch_size=64,
        random_state=0,
    ).fit(X, y)
    X_test, y_test = adding(200, seed=1)
    print(f"adding: r2 of {model.score(X_test, y_test):.4f}")
    shut, is_open = saturation(gate_activations(model, X_test).forget)
    print(
        f"forget gates nearly open {is_open.mean():.0%} of the time, shut {shut.mean():.0%}"
    )
    gates = GateDisplay.from_estimator(model, X_test, gates=["input", "forget", "cell"])
    gates.axes_[0].legend(["Number", "Mark"], loc="lower left", bbox_to_anchor=(0, 1),
                          ncols=2, frameon=False)  # fmt: skip
    attributed = AttributionDisplay.from_estimator(model, X_test, sample=0)
    attributed.ax_.set_yticks([0, 1], ["Number", "Mark"])
    attributed.ax_.set_ylabel("")
    attributed.figure_.set_size_inches(6.4, 1.8)
    importance = ImportanceDisplay.from_estimator(
        model, X_test, y_test, by="block", block_length=5, random_state=0
    )
    importance.figure_.set_size_inches(6.4, 3)
    return {
        "inside_adding": gates.figure_,
        "inside_attributions": attributed.figure_,
        "inside_importance": importance.figure_,
        "inside_saturation": SaturationDisplay.from_estimator(model, X_test).figure_,
    }


def draw_saw_tooth() -> plt.Figure:
    """Let a network count the steps since something happened."""
    X, y = since(4000, seed=0)
    model = LSTMRegressor(
        hidden_size=8,
        memory_length=N_STEPS,
        learning_rate=0.005,
        max_epochs=30,
        batch_size=64,
        random_state=0,
    ).fit(X, y)
    X_test, y_test = since(200, seed=1)
    print(f"steps since: r2 of {model.score(X_test, y_test):.4f}")
    figure, axes = plt.subplots(3, 1, figsize=(6.4, 6), layout="constrained")
    gates = ["forget", "cell"]
    sample = int(np.argmax(X_test[:, :, 0].sum(axis=1) == 4))
    GateDisplay.from_estimator(model, X_test, sample=sample, gates=gates, ax=axes)
    axes[0].get_legend().remove()
    axes[0].set_ylabel("It happens")
    return figure


def draw_missing_months() -> plt.Figure:
    """Read passengers with four months missing: the state is carried over them."""
    X = np.log(load_airline()).to_frame("Passengers (log)")
    model = make_pipeline(
        SlidingWindowTransformer(window_length=24),
        LSTMRegressor(horizon=1, hidden_size=8, max_epochs=60, random_state=0),
    ).fit(X, X.shift(-1).iloc[:, 0])
    late = X.copy()
    late.iloc[-12:-8] = np.nan
    display = GateDisplay.from_estimator(model, late, gates=["forget", "hidden"])
    display.axes_[0].get_legend().remove()
    display.axes_[0].set_ylabel("Passengers (log)")
    return display.figure_


def main(folder: Path) -> None:
    """Draw all pictures, and save them."""
    figures = draw_adding()
    figures["inside_saw_tooth"] = draw_saw_tooth()
    figures["inside_missing"] = draw_missing_months()
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=100)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))
