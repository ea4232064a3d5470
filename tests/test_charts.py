"""Charts of what was measured show what the tables say."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("pandas")

DOCS = Path(__file__).parent.parent / "docs"
PAGE = """# Page

<!-- begin one -->

| Set | other | `ours` |
| --- | --- | --- |
| a, b | 0.5 | **0.25 ± 0.01** |
| c |  | -1.5 |

<!-- end -->
"""


@pytest.fixture
def draw():
    spec = importlib.util.spec_from_file_location("draw", DOCS / "draw_measured.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    module.plt.close("all")


def test_a_table_is_read(draw, tmp_path, monkeypatch):
    (tmp_path / "measured").mkdir()
    (tmp_path / "measured" / "page.md").write_text(PAGE, "utf-8")
    monkeypatch.setattr(draw, "DOCS", tmp_path)
    table = draw.read_table("page", "begin one")
    assert table.index.tolist() == ["a, b", "c"]
    assert draw.numbers(table["`ours`"]).tolist() == [0.25, -1.5]
    np.testing.assert_array_equal(draw.numbers(table["other"]), [0.5, np.nan])


def test_bars_are_as_long_as_the_ratios_of_the_page(draw):
    (ax,) = draw.draw_accuracy()["series"].axes
    names = [label.get_text() for label in ax.get_yticklabels()]
    page = (DOCS / "measured" / "accuracy.md").read_text("utf-8")
    section = page[page.index("begin default series") :]
    assert len(names) > 20
    for name, bar in zip(names, ax.patches, strict=True):
        row = re.search(
            rf"^\| (?:\*\*)?{re.escape(name)}(?:\*\*)? \| \**([\d.]+)", section, re.M
        )
        assert np.isclose(2 ** bar.get_width(), float(row[1]))


def test_every_chart_of_a_page_is_drawn(draw):
    for page, figures in draw.DRAW.items():
        text = (DOCS / "measured" / f"{page}.md").read_text("utf-8")
        shown = re.findall(r"\(\.\./images/measured_(\w+)\.png\)", text)
        assert shown == list(figures())
