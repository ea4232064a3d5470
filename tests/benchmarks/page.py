"""Write the table of a run of the benchmarks into the page of the guide.

python tests/benchmarks/page.py results.json docs/measured/speed.md
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

BEGIN, END = "<!-- begin: written by `tox run -e bench` -->", "<!-- end -->"
PACKAGES = ["torch", "skorch", "scikit-learn", "numpy", "sklstm"]


def header(results):
    """Where and with what the run was made."""
    machine = results["machine_info"]
    cpu = machine["cpu"]
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return (
        f"Measured on {results['datetime'][:10]}: {cpu['brand_raw']}, {cpu['count']} cores,"
        f" two threads; Python {machine['python_version']}, {versions}."
    )


SECTIONS = {"Memory", "Prediction", "A single row", "Searching", "Training"}
RATIOS = "| | beside (s) | sklstm (s) | ratio | at most |\n|" + " --- |" * 5
FIGURES = "| | measured | at most |\n|" + " --- |" * 3


def line(info):
    """One row of a table."""
    missed = "" if info["measured"] <= info["target"] else " (missed)"
    at_most = f"{info['target']:.3g}{missed}"
    if "unit" in info:
        return f"| {info['row']} | {info['measured']:.3g} {info['unit']} | {at_most} |"
    times = f"{info['beside']:.3g} | {info['ours']:.3g} | {info['measured']:.2f}"
    return f"| {info['row']} | {times} | {at_most} |"


def table(benchmarks):
    """All rows, section by section, in the order of the run."""
    sections = {}
    for info in (b["extra_info"] for b in benchmarks if b["extra_info"]):
        sections.setdefault(info["section"], []).append(info)
    parts = []
    for section, infos in sections.items():
        parts += [
            f"### {section}\n",
            FIGURES if "unit" in infos[0] else RATIOS,
            *map(line, infos),
            "",
        ]
    return "\n".join(parts)


def main(results_path, page_path):
    results = json.loads(Path(results_path).read_text("utf-8"))
    page = Path(page_path)
    before, rest = page.read_text("utf-8").split(BEGIN)
    after = rest.split(END)[1]
    sections = {b["extra_info"].get("section") for b in results["benchmarks"]}
    if missing := SECTIONS - sections:
        sys.exit(f"The page stays as it is: this run has no {sorted(missing)}.")
    measured = f"{header(results)}\n\n{table(results['benchmarks'])}"
    page.write_text(f"{before}{BEGIN}\n\n{measured}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
