"""The build hook if npm is missing or fails. tests/clients/test_playground.py uses its output."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from hatchling.bridge.app import Application

from api.playground.build import PlaygroundBuildHook
from api.playground.middleware import BUNDLE_DIRECTORY

WARNING = "The playground is not bundled and will use a CDN: "


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with a playground that was not bundled."""
    ignored = shutil.ignore_patterns("static", "__pycache__")
    shutil.copytree(BUNDLE_DIRECTORY.parent, tmp_path / "api" / "playground", ignore=ignored)
    return tmp_path


def test_without_npm_the_installation_continues_with_a_warning(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")

    build(root)

    assert (
        capsys.readouterr().err == "The playground is not bundled and will use a CDN: npm is not installed.\n"
    )
    assert not (root / "api" / "playground" / "static").exists()


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_if_npm_fails_the_installation_continues_with_a_warning(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (root / "api" / "playground" / "package.json").write_text("not JSON")

    build(root)

    assert WARNING in capfd.readouterr().err
    assert not (root / "api" / "playground" / "static").exists()


def build(root: Path) -> None:
    unused: Any = None
    data = {"artifacts": list[str]()}
    hook = PlaygroundBuildHook(str(root), {}, unused, unused, str(root), "wheel", Application())
    hook.initialize("editable", data)
    assert data["artifacts"] == ["api/playground/static/"]
