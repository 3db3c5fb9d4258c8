"""The image's recipe, which no engine builds here: pinned, without root, with the compiled core inside."""

import re
import tomllib
from fnmatch import fnmatch

from deployed import DOCKER, ROOT

RECIPE = re.sub(r"\\\n\s*", "", (DOCKER / "Dockerfile").read_text())
LINES = [line.split(maxsplit=1) for line in RECIPE.splitlines() if line and not line.startswith("#")]
BASES = dict(line[1].split("=", 1) for line in LINES if line[0] == "ARG")


def last_stage() -> list[tuple[str, str]]:
    """The instructions of what is shipped."""
    begins = max(at for at, (word, _) in enumerate(LINES) if word == "FROM")
    return [(word, rest) for word, rest in LINES[begins:]]


def test_every_stage_stands_on_a_pinned_image() -> None:
    """By an exact version, the release of Debian, and the digest of all its platforms."""
    stages = [rest.split()[0] for word, rest in LINES if word == "FROM"]
    assert len(stages) >= 3
    for stage in stages:
        base = BASES[stage.strip("${}")]
        assert re.fullmatch(r"(python|rust):\d+\.\d+\.\d+-slim-[a-z]+@sha256:[0-9a-f]{64}", base), stage


def test_the_interpreter_and_the_compiler_are_ones_that_the_project_supports() -> None:
    """The Python is in the classifiers, the Rust no older than the crate asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    crate = tomllib.loads((ROOT / "stream_pool/native/Cargo.toml").read_text())["package"]
    python, rust = (re.findall(r"\d+", BASES[name])[:2] for name in ("PYTHON_IMAGE", "RUST_IMAGE"))
    assert f"Programming Language :: Python :: {'.'.join(python)}" in project["classifiers"]
    assert [int(part) for part in rust] >= [int(part) for part in crate["rust-version"].split(".")[:2]]


def test_what_is_shipped_is_not_root_and_asks_for_its_health() -> None:
    """A user by number, so that Kubernetes can see that it is not root; a health check without curl."""
    (user,) = [rest for word, rest in last_stage() if word == "USER"]
    assert int(user) >= 10_000
    (check,) = [rest for word, rest in last_stage() if word == "HEALTHCHECK"]
    assert 'CMD ["python", "-c"' in check
    assert "/health/live" in check


def test_what_is_shipped_has_no_tools_to_build_with() -> None:
    """The last stage installs nothing: it takes the finished environment from the one before."""
    runs = [rest for word, rest in last_stage() if word == "RUN"]
    assert len(runs) == 1
    assert runs[0].startswith("useradd ")
    assert [rest for word, rest in last_stage() if word == "COPY"] == [
        "--from=build /opt/stream-pool /opt/stream-pool"
    ]


def test_an_image_without_the_core_is_not_built() -> None:
    """The build imports what it made, and fails where that is the twin."""
    assert any(word == "RUN" and "assert d.NATIVE" in rest for word, rest in LINES)


def test_every_dependency_is_checked_against_its_hash() -> None:
    """Nothing is installed by pip but what the lock files name, and the wheel that was made here."""
    installs = re.findall(r"pip[^&]* install [^&\n]*", RECIPE)
    assert len(installs) == 3
    for install in installs:
        assert "--require-hashes -r requirements/" in install or "--no-index --no-deps /dist/" in install


def test_what_is_copied_is_there_and_let_through() -> None:
    """Each path exists, and the ignore file, which begins by ignoring all, names it."""
    ignored, *let_through = (DOCKER / "Dockerfile.dockerignore").read_text().split()
    assert ignored == "*"
    copies = [rest.split()[:-1] for word, rest in LINES if word == "COPY" and "--from" not in rest]
    sources = {source for copy in copies for source in copy}
    assert {"pyproject.toml", "stream_pool", "topologies", "requirements/runtime.txt"} <= sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source.split("/")[0], each.removeprefix("!")) for each in let_through), source
