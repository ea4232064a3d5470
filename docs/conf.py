"""Settings of the site: ``tox run -e docs`` builds it."""

import os
import sys
from pathlib import Path

import sklstm

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(Path(__file__).parent))

project = "sklstm"
author = "The sklstm developers"
copyright = author
version = release = sklstm.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "extensions.markdown",
    "extensions.reference",
]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
exclude_patterns = ["_build", "examples/*.ipynb", "examples/*.py"]
templates_path = ["_templates"]
suppress_warnings = ["config.cache"]  # the order of the gallery is a function

# ------------------------------------------------------------------ pages in Markdown

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 4

# ------------------------------------------------------------------ the reference

default_role = "py:obj"
smartquotes = False  # "lstm" is code, wherever it stands
toc_object_entries_show_parents = "hide"
autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_use_plots = False

# Other projects are linked where the site is published. Elsewhere it is built without them,
# so that no network is needed.
intersphinx_mapping = {}
if "SKLSTM_DOCS_ONLINE" in os.environ:
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "pandas": ("https://pandas.pydata.org/docs", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
        "skorch": ("https://skorch.readthedocs.io/en/stable", None),
        "sktime": ("https://www.sktime.net/en/stable", None),
        "torch": ("https://docs.pytorch.org/docs/stable", None),
        "matplotlib": ("https://matplotlib.org/stable", None),
    }

# ------------------------------------------------------------------ the gallery

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "examples",
    # The data of the engines are not redistributed.
    "filename_pattern": r"/plot_(?!turbofan)",
    "within_subsection_order": "extensions.gallery.GalleryOrder",
    "backreferences_dir": "api/examples",
    "doc_module": ("sklstm",),
    "reference_url": {"sklstm": None},
    "reset_modules": ("matplotlib", "extensions.gallery.one_thread"),
    "compress_images": (),
    "matplotlib_animations": False,
    "show_memory": False,
    "write_computation_times": False,
    "first_notebook_cell": '# %pip install "sklstm[examples,sktime]"',
    "show_signature": False,
    "min_reported_time": 1,
    "remove_config_comments": True,
    "abort_on_example_error": True,
    "download_all_examples": False,
    "parallel": int(os.environ.get("SKLSTM_DOCS_JOBS", "1")),
}

# ------------------------------------------------------------------ how it looks

html_theme = "pydata_sphinx_theme"
html_title = "sklstm"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_sidebars = {"start": [], "index": []}
html_baseurl = os.environ.get("READTHEDOCS_CANONICAL_URL", "")
html_theme_options = {
    "logo": {"text": "sklstm"},
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "navbar_end": ["version-switcher", "theme-switcher", "navbar-icon-links"],
    "switcher": {
        "json_url": "https://sklstm.readthedocs.io/en/latest/_static/switcher.json",
        "version_match": os.environ.get("READTHEDOCS_VERSION", "latest"),
    },
    "check_switcher": False,  # that would need a network
    "show_toc_level": 2,
    "icon_links": [
        {
            "name": "GitHub",
            "url": "https://github.com/sklstm/sklstm",
            "icon": "fa-brands fa-github",
        }
    ],
    "footer_start": ["copyright"],
    "footer_end": [],
}
pygments_style = "a11y-light"

# ------------------------------------------------------------------ links elsewhere

linkcheck_anchors = False
linkcheck_ignore = [
    # Pages of a version that is not published yet, and of files of the repository.
    r"https://sklstm\.readthedocs\.io",
    r"https://github\.com/sklstm/sklstm",
    r"https://doi\.org",  # publishers turn programs away
]

# ------------------------------------------------------------------ examples to copy

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"
