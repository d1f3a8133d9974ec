"""What to write in place of a value of another type."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from infra.spec.fixes import choice_fix, choices_of, list_fix, model_fix, number_fix

LIST = "write a list, one item a line beginning with '- '"
MAPPING = "write a mapping of keys to values"


class Port(BaseModel):
    name: Annotated[str, Field(alias="name", examples=["http"])]
    port: Annotated[int, Field(alias="port", examples=[8080])]
    free: int = Field(default=1, alias="free")


class Host(BaseModel):
    host: str = Field(alias="host", examples=["app.example.com"])


class Bare(BaseModel):
    size: int = Field(alias="size")


class Lists(BaseModel):
    words: tuple[str, ...] = ()
    short: Annotated[tuple[Annotated[str, Field(max_length=9)], ...], Field(max_length=5)] = ()
    ports: tuple[Port, ...] = ()
    numbers: tuple[int, ...] | None = None


@pytest.mark.parametrize(
    ("model", "written", "fix"),
    [
        (Port, 80, f"{MAPPING}, with name and port, as {{name: http, port: 80}}"),
        (Port, "80:80", f"{MAPPING}, with name and port, as {{name: http, port: 8080}}"),
        (Host, "a.example.com", f"{MAPPING}, with host, as {{host: a.example.com}}"),
        (Host, "a b", f"{MAPPING}, with host, as {{host: 'a b'}}"),
        (Host, "a" * 200, f"{MAPPING}, with host"),
        (Bare, None, f"{MAPPING}, with size"),
        (None, None, MAPPING),
    ],
)
def test_a_mapping_of_known_keys(model: type[BaseModel] | None, written: Any, fix: str) -> None:
    assert model_fix(model, written) == fix


@pytest.mark.parametrize(
    ("field", "written", "fix"),
    [
        ("words", "edge", "write [edge]"),
        ("words", "web, worker", "write [web, worker]"),
        ("words", "nginx -g 'daemon off;'", "write [nginx, -g, 'daemon off;']"),
        ("words", "it's open", "write ['it's', open]".replace("'it's'", '"it\'s"')),
        ("words", 3, LIST),
        ("short", "edge", "write [edge]"),
        ("ports", {"http": 80}, f"{LIST}, as - {{name: http, port: 8080}}"),
        ("numbers", "1", LIST),
        (None, "a", LIST),
    ],
)
def test_a_list(field: str | None, written: Any, fix: str) -> None:
    assert list_fix(Lists.model_fields[field] if field else None, written) == fix


def test_a_choice_is_the_one_that_is_near_or_any() -> None:
    assert choice_fix("'Job' or 'CronJob'", "Cronjob") == "write 'CronJob'"
    assert choice_fix("'Job' or 'CronJob'", "Service") == "write 'Job' or 'CronJob'"
    assert choices_of(int) == []


def test_a_number_with_a_unit() -> None:
    assert number_fix("30 s") == "write 30: the key says the unit"
    assert number_fix("many") == "write a whole number, without quotes"
