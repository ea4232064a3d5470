"""The pages of the guide can be read where Markdown is rendered."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CHANGELOG.md"]


def bare_prompts(text):
    """Lines of examples outside of fenced blocks, which Markdown reads as quotations."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    return re.findall(r"^[ \t]*(?:>>>|\.\.\.) ?.*$", outside, re.M)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples_stand_in_fenced_blocks(page):
    assert bare_prompts(page.read_text("utf-8")) == []


def test_a_bare_example_is_found():
    assert bare_prompts("Text\n\n>>> 1 + 1\n2\n") == [">>> 1 + 1"]
    assert bare_prompts("```python\n>>> 1 + 1\n2\n\n```\n") == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_mark_of_a_merge_is_left(page):
    assert not re.search(r"^(<{7}|={7}|>{7})( |$)", page.read_text("utf-8"), re.M)
