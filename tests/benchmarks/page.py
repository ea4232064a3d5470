"""Write the table of runs of the benchmarks into the page of the guide.

python tests/benchmarks/page.py results.json [again.json ...] docs/measured/speed.md

Where several runs measured a row, their median stands there, and the least and the largest.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median

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


def line(infos):
    """One row of a table, from all runs that measured it."""
    last = infos[-1]
    measured = [info["measured"] for info in infos]
    missed = "" if max(measured) <= last["target"] else " (missed)"
    at_most = f"{last['target']:.3g}{missed}"
    if "unit" in last:
        return f"| {last['row']} | {spread(measured, '.3g', last['unit'])} | {at_most} |"
    times = (f"{median(info[of] for info in infos):.3g}" for of in ("beside", "ours"))
    return (
        f"| {last['row']} | {' | '.join(times)} | {spread(measured, '.2f')} | {at_most} |"
    )


def spread(values, digits, unit=""):
    """The median of some runs, and the least and the largest if there are several."""
    text = f"{median(values):{digits}} {unit}".strip()
    if len(values) == 1:
        return text
    return f"{text} ({min(values):{digits}} to {max(values):{digits}})"


def table(benchmarks):
    """All rows, section by section, in the order of the first run."""
    sections = {}
    for info in (b["extra_info"] for b in benchmarks if b["extra_info"]):
        rows = sections.setdefault(info["section"], {})
        rows.setdefault(info["row"], []).append(info)
    parts = []
    for section, rows in sections.items():
        has_unit = any("unit" in infos[0] for infos in rows.values())
        heads = FIGURES if has_unit else RATIOS
        parts += [f"### {section}\n", heads, *map(line, rows.values()), ""]
    return "\n".join(parts)


def main(*paths):
    *runs, page = map(Path, paths)
    results = [json.loads(run.read_text("utf-8")) for run in runs]
    benchmarks = [benchmark for run in results for benchmark in run["benchmarks"]]
    before, rest = page.read_text("utf-8").split(BEGIN)
    after = rest.split(END)[1]
    sections = {b["extra_info"].get("section") for b in benchmarks}
    if missing := SECTIONS - sections:
        sys.exit(f"The page stays as it is: these runs have no {sorted(missing)}.")
    measured = f"{header(results[-1])}\n\n{table(benchmarks)}"
    page.write_text(f"{before}{BEGIN}\n\n{measured}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
