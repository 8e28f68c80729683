"""Observations that give the published numbers of criteria and indicators met."""

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any

from local_deployment.demonstration.api import Api, data

Values = Mapping[str, Mapping[str, Any]]
AREAS_A_REQUEST = 20


def load(api: Api, document_ids: Mapping[str, str]) -> None:
    """Record every measure of the tier for every area of the published results."""
    values = data("values.yaml")
    for result in data("results.yaml"):
        areas = iter(_areas(api, result))
        while some := list(islice(areas, AREAS_A_REQUEST)):
            items = chain.from_iterable(
                _observations(values, result, area=area, missed=missed) for area, missed in some
            )
            body = {
                "document_id": document_ids["demonstration-values"],
                "is_demonstration": True,
                "items": list(items),
            }
            api.post("/v1/observations", body, user="officer")


def _areas(api: Api, result: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each area with the measures that miss their threshold there."""
    for named in result.get("areas", []):
        yield named["code"], named["misses"]
    if "groups" in result:
        yield from _grouped(api, result)


def _grouped(api: Api, result: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    found = api.items(
        "/v1/areas",
        user="officer",
        under=result["under"],
        area_kind="commune",
        as_of=result["observed_on"],
    )
    codes = sorted(a["code"] for a in found if a["designation"] == result["designation"])
    turn = result["misses_in_turn"]
    counts = [
        group["criteria_missed"] for group in result["groups"] for _ in range(group["communes"])
    ]
    for place, (code, count) in enumerate(zip(codes, counts, strict=True)):
        yield code, [turn[(place + step) % len(turn)] for step in range(count)]


def _observations(
    values: Values, result: Mapping[str, Any], *, area: str, missed: list[str]
) -> Iterator[dict[str, Any]]:
    for measure, choice in values.items():
        if result["tier"] in choice["tiers"]:
            value = choice["misses" if measure in missed else "meets"]
            yield {
                "area": area,
                "measure": measure,
                "observed_on": result["observed_on"],
                "value": value,
            }
