"""The application file: what it means, and that every mistake in it is found and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from bascule.errors import PlatformError
from bascule.platform.application import load

TREE = Path(__file__).resolve().parents[2]


def write(folder: Path, text: str) -> Path:
    file = folder / "app.toml"
    file.write_text(text)
    return file


def test_the_shop_is_five_services_each_with_its_database() -> None:
    shop = load(TREE / "deploy/local/shop.toml")
    names = ["catalog", "accounts", "orders", "recommendations", "notifications"]
    assert [service.name for service in shop.services] == names
    assert all(service.database for service in shop.services)
    assert shop.directory == TREE


def test_defaults_and_instances(tmp_path: Path) -> None:
    text = 'name = "x"\n[[service]]\nname = "a"\ncommand = ["a"]\ninstances = 3\n'
    application = load(write(tmp_path, text))
    assert application.services[0].processes == ["a", "a-2", "a-3"]
    assert not application.services[0].database
    assert application.directory == tmp_path


def test_without_leaves_services_out_and_knows_their_names() -> None:
    shop = load(TREE / "deploy/local/shop.toml")
    assert "orders" not in [service.name for service in shop.without({"orders"}).services]
    with pytest.raises(PlatformError, match="no service ordrs in shop"):
        shop.without({"ordrs"})


SERVICE = '[[service]]\nname = "a"\ncommand = ["a"]\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "`name` is missing"),
        ('name = "x"\nnmae = 1\n', "unknown key `nmae`"),
        ("name = 1\n", "`name` must be a str, not 1"),
        ("name = \n", r"app\.toml: .*line 1"),
        (f'name = "x"\n{SERVICE}{SERVICE}', "service a is declared twice"),
        (f'name = "x"\n{SERVICE}databse = true\n', r"number 1: unknown key `databse`"),
        (f'name = "x"\n{SERVICE}instances = 0\n', "must be 1 to 64, not 0"),
        (f'name = "x"\n{SERVICE}instances = true\n', "`instances` must be a int"),
        ('name = "x"\n[[service]]\nname = "a"\n', "`command` is missing"),
        ('name = "x"\n[[service]]\nname = "a"\ncommand = []\n', "must be a list of strings"),
        ('name = "x"\n[[service]]\nname = "A-b"\ncommand = ["a"]\n', "must be lower-case"),
        ('name = "x"\n[[service]]\nname = "postgres"\ncommand = ["a"]\n', "and none of"),
        ('name = "x"\n[[service]]\nname = "a\'; --"\ncommand = ["a"]\n', "must be lower-case"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(PlatformError, match=complaint):
        load(write(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match=r"nowhere\.toml: cannot be read: No such file"):
        load(tmp_path / "nowhere.toml")
