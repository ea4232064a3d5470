"""The site that was built: whole, readable on a narrow screen, and found by a search."""

import importlib
import json
import re
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from sklstm import LSTMClassifier, LSTMOutlierDetector, LSTMRegressor
from sklstm.fitting._doc_links import PAGE

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("plot_*.py"))
PACKAGES = ["anomaly", "datasets", "export", "inspection", "io", "metrics", "plotting"]


def api_page(module, name):
    """The page of a name, where a picture of an estimator leads to."""
    return PAGE.format(module=module, name=name).partition("/latest/")[2]


def public_names():
    modules = ["sklstm", *(f"sklstm.{part}" for part in PACKAGES)]
    return [(m, name) for m in modules for name in importlib.import_module(m).__all__]


# ------------------------------------------------------------------ what its HTML tells


@pytest.mark.parametrize(("module", "name"), public_names())
def test_a_public_name_has_a_page(pages, module, name):
    assert f"{module}.{name}" in pages[api_page(module, name)].ids


def test_names_for_sktime_have_pages(pages):
    module = pytest.importorskip("sklstm.sktime")
    for name in module.__all__:
        assert f"sklstm.sktime.{name}" in pages[api_page("sklstm.sktime", name)].ids


@pytest.mark.parametrize("kind", [LSTMRegressor, LSTMClassifier, LSTMOutlierDetector])
def test_parameters_are_a_list_and_not_a_line(pages, kind):
    page = pages[api_page("sklstm", kind.__name__)]
    begin = page.signature.partition(")")[0]
    assert kind.__name__ in begin
    assert len(begin) < 80
    for parameter in kind().get_params():
        assert f"<strong>{parameter}</strong>" in page.text


def test_the_bar_leads_to_all_parts(pages):
    expected = ["Start", "User guide", "Examples", "API", "Measured", "Development"]
    assert list(dict.fromkeys(pages["index.html"].bar))[:6] == expected


def test_no_link_within_the_site_is_dead(site, pages):
    dead = []
    for name, page in pages.items():
        for link in page.links:
            target, place = urldefrag(unquote(link))
            if re.match(r"\w+:|//", target):
                continue
            path = (site / name).parent / target if target else site / name
            path = path / "index.html" if path.is_dir() else path
            key = path.resolve().relative_to(site.resolve()).as_posix()
            if not path.exists() or (
                place and key in pages and place not in pages[key].ids
            ):
                dead.append(f"{name}: {link}")
    assert dead == []


def test_no_quotation_stands_in_another(pages):
    assert {name: page.nested for name, page in pages.items() if page.nested} == {}


def test_the_index_of_the_search_has_the_regressor(site):
    text = (site / "searchindex.js").read_text("utf-8")
    index = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
    page = index["docnames"].index("api/sklstm.LSTMRegressor")
    entry = index["titleterms"]["lstmregressor"]
    assert page in (entry if isinstance(entry, list) else [entry])


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_can_be_downloaded(site, example):
    found = {path.name for path in (site / "_downloads").rglob(f"{example}.*")}
    assert found >= {f"{example}.py", f"{example}.ipynb"}


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e != "plot_turbofan"])
def test_a_notebook_looks_for_no_arguments(site, example):
    (notebook,) = (site / "_downloads").rglob(f"{example}.ipynb")
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) > 2
    assert not any("sys.argv" in cell for cell in code)


@pytest.mark.usefixtures("examples_ran")
def test_each_example_has_a_thumbnail_of_its_own(site, pages):
    shown = [src for src in pages["examples/index.html"].images if "_thumb" in src]
    assert len(shown) == len(EXAMPLES)
    pictures = [site / "examples" / src for src in shown]
    assert len({sha256(path.read_bytes()).hexdigest() for path in pictures}) == len(shown)


# ------------------------------------------------------------------ what a browser shows


def test_no_page_scrolls_sideways_on_a_narrow_screen(seen, pages):
    assert set(seen["beyond"]) == set(pages)
    assert {name: by for name, by in seen["beyond"].items() if by > 0} == {}


def test_the_search_finds_the_regressor(seen):
    assert any("api/sklstm.LSTMRegressor.html" in link for link in seen["found"])
