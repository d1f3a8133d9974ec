"""The example's Dockerfile, built: all four images, by a builder without a daemon."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.builder import Builder, why_not

SERVICE = Path(__file__).resolve().parents[2] / "examples" / "service"
BASE = "localhost/python-of-this-machine"

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(why_not() is not None, reason=why_not() or "")]


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    folder = tmp_path_factory.mktemp("images")
    made = Builder(folder)
    made.base(BASE)
    yield made
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def images(builder: Builder) -> dict[str, str]:
    variables = {"installation": ("--build-arg=SERVICE_GREETING=good day",)}
    targets = ("build", "test", "service", "installation")
    return {target: builder.build(target, SERVICE, BASE, *variables.get(target, ())) for target in targets}


def test_the_test_image_runs_the_tests(builder: Builder, images: dict[str, str]) -> None:
    assert re.search(r"^1 passed in ", builder.run_inside(images["test"]), re.MULTILINE)


def test_tests_that_fail_stop_the_pipeline(builder: Builder, images: dict[str, str], tmp_path: Path) -> None:
    broken = tmp_path / "test_broken.py"
    broken.write_text("def test_broken() -> None:\n    assert False\n", encoding="utf-8")
    broken.chmod(0o644)
    told = builder.run_inside(images["test"], fails=True, put={broken: "/build/tests/"})
    assert re.search(r"^1 failed, 1 passed in ", told, re.MULTILINE)


def test_installation_is_service_with_other_variables(builder: Builder, images: dict[str, str]) -> None:
    service, installation = (builder.config(images[each]) for each in ("service", "installation"))
    # The same files, layer for layer.
    assert installation["rootfs"]["diff_ids"] == service["rootfs"]["diff_ids"]
    assert set(installation["config"].pop("Env")) - set(service["config"].pop("Env")) == {"SERVICE_GREETING=good day"}
    assert installation["config"] == service["config"]


def test_what_is_promoted_has_a_digest(
    builder: Builder, images: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digests = {each: builder.pushed(images[each], tmp_path / each) for each in ("service", "installation")}
    with capsys.disabled():
        print("", *(f"{each}: {digest}" for each, digest in digests.items()), sep="\n")
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in digests.values())
    assert digests["service"] != digests["installation"]
    # Pushed again, it is the same: what one environment ran is what the next one runs.
    assert builder.pushed(images["service"], tmp_path / "again") == digests["service"]


def test_the_service_image_holds_what_runs_and_nothing_more(builder: Builder, images: dict[str, str]) -> None:
    config = builder.config(images["service"])["config"]
    assert (config["User"], config["Entrypoint"]) == ("65532:65532", ["/opt/service/bin/greeting"])
    assert not [each for each in config["Env"] if each.startswith("SERVICE_")]
    python = "/opt/service/bin/python"
    told = builder.run_inside(
        images["service"], python, "-c", "import greeting, os; print(os.getuid(), os.listdir('/'))"
    )
    assert told.startswith("65532 ")
    assert "'opt'" in told
    assert "'build'" not in told
    assert "No module named 'pytest'" in builder.run_inside(
        images["service"], python, "-c", "import pytest", fails=True
    )
