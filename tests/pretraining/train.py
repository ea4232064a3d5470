"""Train the pretrained network on series that are made.

    python -m tests.pretraining.train FOLDER --pools 600

A pool of tasks is gone through once, and then comes the next. The folder keeps a checkpoint
after every few pools: the same command goes on from there, with the same numbers as without
a break. `stable.pkl` is the checkpoint before the learning rate falls, from which a longer
training can begin, and `weights.safetensors` is what the package brings.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklstm.sktime._pretrained._regressor import PretrainedRegressor
from sklstm.sktime._pretrained._tuning import scaled_loss
from sklstm.sktime._pretrained._view import view_of
from sklstm.sktime._pretrained._weights import WEIGHTS, write_weights
from sklstm.windows._windows import Windows, stacked

from .made import PARTS
from .tasks import Tasks, draw

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)

# Batches of series in a pool, and pools between two checkpoints.
POOL = 100
EVERY = 10

# Share of the pools over which the learning rate falls; of the first ones it rises.
FALL, RISE = 0.35, 0.01

VALIDATION_SEED = 10**9


def samples(tasks: list[Tasks]) -> tuple[Windows, Windows, NDArray[Any]]:
    """Give tasks as the network sees them, and their units beside their scales."""
    views = [view_of(task.histories, task.periods) for task in tasks]
    targets = [view.in_units(task.future) for view, task in zip(views, tasks, strict=True)]
    weights = np.concatenate([view.unit / view.scale for view in views])
    return stacked([view.windows for view in views]), stacked(targets), weights


def rate(pool: int, n_pools: int, highest: float) -> float:
    """Rise, stay, fall."""
    rise, fall = max(1, RISE * n_pools), FALL * n_pools
    return highest * min(1.0, (pool + 1) / rise, max(0.01, ((n_pools - pool) / fall)))


def new_regressor(arguments: argparse.Namespace) -> PretrainedRegressor:
    """Make an untrained network."""
    return PretrainedRegressor(
        hidden_size=arguments.hidden_size,
        num_layers=arguments.num_layers,
        loss="quantile",
        quantile=LEVELS,
        standardize=False,
        instance_norm=None,
        instance_scale=False,
        optimizer="adamw",
        weight_decay=0.01,
        learning_rate_schedule="constant",
        max_grad_norm=1.0,
        batch_size=arguments.batch_size,
        random_state=arguments.seed,
    )


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint in one step."""
    part = path.with_suffix(".part")
    part.write_bytes(pickle.dumps(state))
    os.replace(part, path)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pools", type=int, default=600)
    parser.add_argument("--hidden-size", type=int, default=128)
    parser.add_argument("--num-layers", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--without", default="", choices=("", *PARTS))
    parser.add_argument("--begin", type=Path, help="checkpoint to begin from")
    arguments = parser.parse_args()
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    valid = samples(draw(np.random.default_rng(VALIDATION_SEED), 40))
    state: dict[str, Any] = {"pool": 0, "regressor": new_regressor(arguments), "seconds": 0}
    for path in (folder / "last.pkl", arguments.begin):
        if path is not None and path.exists():
            state = pickle.loads(path.read_bytes())
            break
    log = (folder / "log.jsonl").open("a")
    stable = int((1 - FALL) * arguments.pools)
    while state["pool"] < arguments.pools:
        begin, pool, regressor = time.perf_counter(), state["pool"], state["regressor"]
        tasks = draw(np.random.default_rng([arguments.seed, pool]), POOL, arguments.without)
        X, y, weights = samples(tasks)
        made = time.perf_counter() - begin
        regressor.set_params(learning_rate=rate(pool, arguments.pools, arguments.rate))
        regressor.partial_fit(X, y, sample_weight=weights)
        state["pool"] = pool + 1
        state["seconds"] += time.perf_counter() - begin
        if state["pool"] % EVERY == 0 or state["pool"] == arguments.pools:
            row = {
                "pool": pool + 1,
                "seconds": round(state["seconds"], 1),
                "made": round(made, 2),
                "windows": (pool + 1) * len(X),
                "train": round(regressor.loss_curve_[-1], 5),
                "valid": round(scaled_loss(regressor, *valid), 5),
            }
            print(json.dumps(row), file=log, flush=True)
            save(folder / "last.pkl", state)
        if state["pool"] == stable:
            save(folder / "stable.pkl", state)
    save(folder / "final.pkl", state)
    write_weights(folder / WEIGHTS.name, state["regressor"])


if __name__ == "__main__":
    main()
