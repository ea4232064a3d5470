"""What an import brings with it."""

import subprocess
import sys

CODE = """
import sys
import sklearn, sklearn.base, sklearn.utils.validation, skorch, torch
before = set(sys.modules)
import sklstm
print(*sorted(set(sys.modules) - before))
"""


def test_importing_costs_no_more_than_torch_and_scikit_learn():
    child = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True
    )
    # Before its version 1.9 a part of scikit-learn had no other name than `_loss`.
    theirs = {"sklearn", "_loss", "skorch", "scipy"}
    packages = {name.split(".")[0] for name in child.stdout.split()}
    assert "sklstm" in packages
    assert packages <= {"sklstm", *theirs, *sys.stdlib_module_names}
    assert "sklstm.sktime" not in child.stdout.split()


TRAINED = """
import sys
import numpy as np
from sklstm import LSTMClassifier, LSTMRegressor
X = np.random.default_rng(0).normal(size=(40, 5, 2))
for optimizer in ("adam", "adamw", "rmsprop", "sgd"):
    options = {"optimizer": optimizer, "max_epochs": 1, "warm_start": True}
    LSTMRegressor(**options).fit(X, X[:, 0, 0]).fit(X, X[:, 0, 0]).predict(X)
for schedule in ("step", "plateau", "one_cycle", "warmup"):
    options = {"learning_rate_schedule": schedule, "max_epochs": 1}
    LSTMClassifier(convolution="beside", layer_norm=True, **options).fit(X, X[:, 0, 0] > 0)
print(*(name for name in sys.modules if name in ("torch._dynamo", "sympy")))
"""


def test_training_imports_no_compiler():
    # It takes longer than a short training.
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", TRAINED], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
