"""Tables that a run writes into the pages on accuracy and on uncertainty."""

import re
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pytest

# It runs in an environment of its own.
collect_ignore = ["baselines.py"]

DOCS = Path(__file__).parents[2] / "docs"
PACKAGES = ["torch", "skorch", "scikit-learn", "sktime", "numpy", "sklstm"]


def machine():
    """Where and with what a table was made."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    where = cpu[1] if cpu else "a CPU"
    return f"Measured on {date.today()} on two cores of {where}; {versions}."


def call(estimator, settings):
    """How the estimator of a table is made, as code."""
    lines = "".join(f"    {name}={value!r},\n" for name, value in settings.items())
    return f"```python\n{estimator}(\n{lines})\n```".replace("'", '"')


@pytest.fixture
def write_table():
    """Put a table into its place in the guide: the one that bears its name."""

    def write(name, header, rows, note="", made=""):
        lines = [header, ["---"] * len(header), *rows]
        table = "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
        begin, end = f"<!-- begin {name}: written by `tox run -e skill` -->", "<!-- end -->"
        (page,) = (page for page in DOCS.rglob("*.md") if begin in page.read_text("utf-8"))
        before, rest = page.read_text("utf-8").split(begin)
        after = rest[rest.index(end) :]
        text = "\n\n".join(part for part in (table, note, made, machine()) if part)
        page.write_text(f"{before}{begin}\n\n{text}\n\n{after}", "utf-8")
        print(f"\n{text}")

    return write


@pytest.fixture
def save_picture():
    def save(figure, name):
        figure.savefig(DOCS / name, dpi=100)

    return save
