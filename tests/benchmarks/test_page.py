"""The tables that runs of the benchmarks write."""

import json

from tests.benchmarks.page import BEGIN, END, main


def run(path, **measured):
    """Write what a run of pytest-benchmark leaves, as far as it is read."""
    rows = [
        {"section": section, "row": "a row", "measured": value, "target": 1.0}
        | ({"unit": "MiB"} if section == "Memory" else {"beside": 2.0, "ours": 2 * value})
        for section, value in measured.items()
    ]
    machine = {"cpu": {"brand_raw": "X", "count": 2}, "python_version": "3.11"}
    written = {
        "machine_info": machine,
        "datetime": "2026-01-02T03:04",
        "benchmarks": [{"extra_info": row} for row in rows],
    }
    path.write_text(json.dumps(written))
    return path


def test_rows_of_several_runs_have_their_median_and_their_ends(tmp_path):
    once = {"Memory": 0.5, "Prediction": 0.9, "A single row": 0.2, "Searching": 1.5}
    page = tmp_path / "speed.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    runs = [run(tmp_path / "1.json", **once, Training=0.7)]
    runs += [run(tmp_path / f"{x}.json", Training=x) for x in (0.6, 1.1)]
    main(*runs, page)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "| a row | 0.5 MiB | 1 |" in text
    assert "| a row | 2 | 1.8 | 0.90 | 1 |" in text
    assert "| a row | 2 | 3 | 1.50 | 1 (missed) |" in text
    assert "| a row | 2 | 1.4 | 0.70 (0.60 to 1.10) | 1 (missed) |" in text
