"""Settings for the examples of the user guide."""

import sys

import pytest
import sklearn
import torch
from sklearn.utils.fixes import parse_version

# The same sums on every machine, and no threads that wait for each other.
torch.set_num_threads(1)

# Of the site: settings, and what it makes of the examples.
collect_ignore = ["conf.py"]
collect_ignore_glob = ["api/*.rst", "examples/*"]
# Shows scikit-learn's callbacks, which came with version 1.9.
if parse_version(sklearn.__version__) < parse_version("1.9"):
    collect_ignore.append("guide/training.md")


@pytest.fixture(autouse=True)
def closed_figures():
    """Close what a page has drawn: matplotlib warns of many open figures."""
    _close_figures()
    yield
    _close_figures()


def _close_figures():
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
