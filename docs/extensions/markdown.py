"""Pages in Markdown.

- Names, and files of examples, lead to their pages.
- Blocks end without the empty line that doctest needs, and wide tables scroll.
- CHANGELOG.md and CONTRIBUTING.md, which stand in the root, are pages too.
"""

import re
from importlib import import_module
from pathlib import Path

DOCS = Path(__file__).parents[1]
SOURCE = "https://github.com/sklstm/sklstm/blob/main/"
WIDE_TABLE = 6  # columns

# Pages that are files of the root, and where links of these lead to.
ROOT_PAGES = {
    "development/changelog": "CHANGELOG.md",
    "development/contributing": "CONTRIBUTING.md",
}

# Packages whose names have pages, besides those at the top.
PUBLIC = [
    "anomaly",
    "datasets",
    "export",
    "inspection",
    "io",
    "metrics",
    "plotting",
    "sktime",
]
# Names of others that pages mention without their package.
OF_OTHERS = {
    "ColumnTransformer": "sklearn.compose.ColumnTransformer",
    "GridSearchCV": "sklearn.model_selection.GridSearchCV",
    "HalvingGridSearchCV": "sklearn.model_selection.HalvingGridSearchCV",
    "KFold": "sklearn.model_selection.KFold",
    "Pipeline": "sklearn.pipeline.Pipeline",
    "StandardScaler": "sklearn.preprocessing.StandardScaler",
    "TimeSeriesSplit": "sklearn.model_selection.TimeSeriesSplit",
    "cross_val_predict": "sklearn.model_selection.cross_val_predict",
    "cross_validate": "sklearn.model_selection.cross_validate",
    "permutation_importance": "sklearn.inspection.permutation_importance",
}
OTHERS = ("sklearn.", "sktime.", "skorch.", "torch.", "numpy.", "pandas.")
PACKAGES = re.compile(rf"^(sklstm\.)?(({'|'.join(PUBLIC)})\.)?")


def public_names():
    """Give the full name of what a page may mention, the top of the package first."""
    import sklstm

    known = OF_OTHERS | {name: f"sklstm.{name}" for name in sklstm.__all__}
    for part in PUBLIC:
        for name in import_module(f"sklstm.{part}").__all__:
            known.setdefault(name, f"sklstm.{part}.{name}")
    return known


def linked(text, names):
    """Give the full name of what stands in the text, or None.

    A plain word, such as `load` or `coverage`, may mean much: it needs its package.
    """
    if text.startswith("sklstm."):
        return names.get(PACKAGES.sub("", text, count=1), text)
    if text.startswith(OTHERS):
        return text
    return names.get(text) if re.search(r"[A-Z_]", text) else None


def link_names(app, doctree):
    """Let code that is a public name, or the file of an example, lead to its page."""
    from docutils import nodes
    from sphinx.addnodes import pending_xref

    docname = app.env.docname
    if app.env.doc2path(docname).suffix != ".md":
        return
    names = public_names()
    taken = (nodes.title, nodes.reference, pending_xref)
    for code in list(doctree.findall(nodes.literal)):
        text = code.astext().removesuffix("()")
        if example := re.fullmatch(r"examples/(plot_\w+)\.py", text):
            domain, kind, target = "std", "doc", f"/examples/{example[1]}"
        else:
            domain, kind, target = "py", "obj", linked(text, names)
        if target is None or _is_within(code, taken):
            continue
        to = {"refdomain": domain, "reftype": kind, "reftarget": target}
        link = pending_xref("", **to, refdoc=docname, refexplicit=True)
        code.replace_self(link)
        link += code


def _is_within(node, kinds):
    while node := node.parent:
        if isinstance(node, kinds):
            return True
    return False


def strip_blocks(app, doctree):
    """Take away the empty line that doctest needs at the end of a fenced block."""
    from docutils import nodes

    for block in doctree.findall(nodes.literal_block):
        text = block.astext()
        if text.endswith("\n") and all(isinstance(c, nodes.Text) for c in block.children):
            block.rawsource = text.rstrip("\n")
            block.children = []
            block += nodes.Text(block.rawsource)


def mark_wide_tables(app, doctree):
    """Let tables of many columns scroll, rather than break their numbers."""
    from docutils import nodes

    for table in doctree.findall(nodes.table):
        if sum(1 for _ in table.findall(nodes.colspec)) >= WIDE_TABLE:
            table["classes"].append("sklstm-wide")


def read_root_page(app, docname, source):
    """Put a file of the root in place of its stub, with links that hold from there."""
    if docname not in ROOT_PAGES:
        return
    path = DOCS.parent / ROOT_PAGES[docname]
    app.env.note_dependency(str(path), docname=docname)
    pages = {file: page.partition("/")[2] for page, file in ROOT_PAGES.items()}

    def mended(found):
        target = found[1]
        if re.match(r"https?:|#", target):
            return found[0]
        if target.startswith("docs/"):
            return f"](../{target.removeprefix('docs/')})"
        return f"]({pages[target]}.md)" if target in pages else f"]({SOURCE}{target})"

    source[0] = re.sub(r"\]\(([^)\s]+)\)", mended, path.read_text("utf-8"))


def setup(app):
    """Register all of it."""
    app.connect("source-read", read_root_page)
    app.connect("doctree-read", link_names)
    app.connect("doctree-read", strip_blocks)
    app.connect("doctree-read", mark_wide_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
