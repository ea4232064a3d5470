"""What a stranger meets: the files around the package say the same as the package."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import sklstm

ROOT = Path(__file__).parent.parent
if not (ROOT / "tox.ini").exists():
    pytest.skip("This is no checkout.", allow_module_level=True)

GITHUB = ROOT / ".github"
PAGES = [
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    ".github/PULL_REQUEST_TEMPLATE.md",
]
FORMS = ["bug", "feature", "question"]
YAML = [
    *sorted(GITHUB.rglob("*.yml")),
    ROOT / "CITATION.cff",
    ROOT / ".pre-commit-config.yaml",
    ROOT / ".readthedocs.yaml",
]
SOURCE = "https://github.com/sklstm/sklstm"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def read(name):
    return (ROOT / name).read_text("utf-8")


def parsed(name):
    return yaml.safe_load(read(name))


def steps(workflow):
    """All steps of a workflow, but for jobs that are other workflows."""
    jobs = parsed(f".github/workflows/{workflow}.yml")["jobs"].values()
    return [step for job in jobs for step in job.get("steps", ())]


# What is there


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_there_and_begins_with_a_title(name):
    assert re.match(r"(<!--.*?-->\s*)?##? \w", read(name), re.S)


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_a_file_is_yaml(path):
    assert isinstance(yaml.safe_load(path.read_text("utf-8")), dict)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_asks_for_something(form):
    content = parsed(f".github/ISSUE_TEMPLATE/{form}.yml")
    assert content["name"]
    assert content["description"]
    fields = [field for field in content["body"] if field["type"] != "markdown"]
    ids = [field["id"] for field in fields]
    assert len(set(ids)) == len(ids)
    assert any(field["validations"]["required"] for field in fields)


def links(name):
    """Where a page or a form points to within the repository, as paths from its root."""
    text = read(name)
    folder = (ROOT / name).parent
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not target.startswith("http"):
            yield (folder / target).resolve()
    for target in re.findall(rf"{SOURCE}/blob/main/([\w./-]+\w)", text):
        yield ROOT / target


@pytest.mark.parametrize("name", PAGES)
def test_files_that_a_page_names_are_there(name):
    folders = "sklstm|tests|docs|examples"
    named = re.findall(rf"(?<![\w/-])((?:{folders})/[\w/.-]*\b)", read(name))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_links_within_the_repository_lead_somewhere():
    forms = [path.relative_to(ROOT).as_posix() for path in YAML]
    targets = {path for name in [*PAGES, *forms, "pyproject.toml"] for path in links(name)}
    assert len(targets) > 5
    assert [path for path in targets if not path.exists()] == []


# What is said of the package


def test_the_citation_is_of_this_version():
    assert parsed("CITATION.cff")["version"] == sklstm.__version__


def test_the_citation_has_the_date_of_the_changelog():
    found = re.search(
        rf"^## {re.escape(sklstm.__version__)} \((.*)\)", read("CHANGELOG.md"), re.M
    )
    date = str(parsed("CITATION.cff").get("date-released", "unreleased"))
    assert found[1] == date


def test_the_citation_and_the_metadata_agree():
    citation, project = parsed("CITATION.cff"), PROJECT["project"]
    assert citation["license"] == project["license"]
    assert citation["repository-code"] == project["urls"]["Source"] == SOURCE
    assert citation["url"] == project["urls"]["Documentation"]
    assert [a["name"] for a in citation["authors"]] == [
        a["name"] for a in project["authors"]
    ]


def pythons():
    """The versions that the classifiers name, oldest first."""
    found = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    return sorted(found, key=lambda version: int(version.partition(".")[2]))


def test_the_lowest_python_is_the_same_everywhere():
    assert PROJECT["project"]["requires-python"] == f">={pythons()[0]}"
    assert PROJECT["tool"]["mypy"]["python_version"] == pythons()[0]
    assert f"Python {pythons()[0]}" in read("README.md")
    assert f"Python {pythons()[0]} or later" in read("CONTRIBUTING.md")


def test_every_python_and_system_of_the_classifiers_is_tested():
    matrix = parsed(".github/workflows/tests.yml")["jobs"]["tests"]["strategy"]["matrix"]
    assert matrix["python"] == pythons()
    runners = {
        "MacOS": "macos",
        "Microsoft :: Windows": "windows",
        "POSIX :: Linux": "ubuntu",
    }
    classifiers = "\n".join(PROJECT["project"]["classifiers"])
    systems = re.findall(r"Operating System :: (.*)", classifiers)
    assert set(matrix["os"]) == {f"{runners[system]}-latest" for system in systems}


# What is run


def environments():
    return set(re.findall(r"^\[testenv:(\w+)\]", read("tox.ini"), re.M))


@pytest.mark.parametrize(
    "name",
    ["CONTRIBUTING.md", ".github/workflows/tests.yml", ".github/workflows/docs.yml"],
)
def test_the_environments_that_are_named_are_there(name):
    lists = re.findall(r"tox run -e ([\w,]+)", read(name))
    assert lists
    missing = {each for names in lists for each in names.split(",")} - environments()
    assert not missing


def test_the_workflows_run_what_a_contributor_runs():
    runs = " ".join(step.get("run", "") for step in steps("tests"))
    default = re.search(r"^env_list = (.*)", read("tox.ini"), re.M)[1].split(", ")
    ran = ",".join(re.findall(r"tox run -e ([\w,]+)", runs)).split(",")
    assert set(default) <= set(ran)


@pytest.mark.parametrize("workflow", ["tests", "docs", "release"])
def test_a_workflow_may_only_read_and_pins_what_others_wrote(workflow):
    assert parsed(f".github/workflows/{workflow}.yml")["permissions"] == {
        "contents": "read"
    }
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name)] == []


def test_a_release_is_tested_and_attested_and_needs_no_password():
    workflow = parsed(".github/workflows/release.yml")
    publish = workflow["jobs"]["publish"]
    assert {"tests", "build"} <= set(publish["needs"])
    assert workflow["jobs"]["tests"]["uses"] == "./.github/workflows/tests.yml"
    assert publish["permissions"]["id-token"] == "write"
    assert "secrets." not in read(".github/workflows/release.yml")
    *_, attest, upload = publish["steps"]
    assert attest["uses"].startswith("actions/attest@")
    assert upload["with"] == {"attestations": True}


def test_commits_are_checked_with_the_versions_of_the_tests():
    pinned = dict(
        line.split("==") for line in read("constraints.txt").splitlines() if "==" in line
    )
    hooks = parsed(".pre-commit-config.yaml")["repos"][0]["hooks"]
    assert {hook["id"] for hook in hooks} == {
        "ruff-check",
        "ruff-format",
        "codespell",
        "mypy",
    }
    for hook in hooks:
        for dependency in hook.get("additional_dependencies", ()):
            name, version = dependency.split("==")
            assert pinned.get(name, version) == version


def test_coverage_is_of_branches_and_high():
    coverage = PROJECT["tool"]["coverage"]
    assert coverage["run"]["source"] == ["sklstm"]
    assert coverage["run"]["branch"] is True
    assert coverage["report"]["fail_under"] >= 95


def test_nothing_stands_where_users_make_an_environment():
    # `python -m venv .venv` fails where there is a file of that name.
    assert ".venv/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert not (ROOT / ".venv").is_file()
    assert "venv_redirect = false" in (ROOT / "tox.ini").read_text("utf-8").splitlines()
