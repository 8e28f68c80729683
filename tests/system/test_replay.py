"""A question with both its times has the same bytes as its answer for ever."""

import time
from typing import Any

import httpx
import pytest
from local_deployment import processes

from tests.system.conftest import Get, Post

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

STANDARD = "ntm-xa-2021-2025-demo"
ON = "2025-08-20"
COMMUNE, NEIGHBOUR = "06970", "06985"  # Ba Chẽ and Lương Minh, as they are since 1 July 2025


def observe(post: Post, *, area: str, value: str, day: str, key: str, reason: str | None) -> None:
    item: dict[str, Any] = {
        "area": area,
        "measure": "income_per_person",
        "observed_on": day,
        "value": value,
    }
    if reason:
        item["reason"] = reason
    body = {"is_demonstration": True, "items": [item]}
    post("/v1/observations", body, user="officer", key=key)


def position_now(get: Get) -> str:
    """The feed position by which everything so far is recorded."""

    def head() -> str:
        feed = get("/v1/criteria/changes", user="administrator", limit=1).json()
        return str(feed["head"].rpartition(":")[2])

    first = head()
    time.sleep(0.5)
    assert processes.wait_until(lambda: head() >= first, 10)
    return head()


def test_an_assessment_is_replayed_after_corrections_and_a_merger(get: Get, post: Post) -> None:
    commune = get(f"/v1/areas/{COMMUNE}", as_of=ON).json()["id"]
    neighbour = get(f"/v1/areas/{NEIGHBOUR}", as_of=ON).json()["id"]
    for area in (commune, neighbour):
        observe(post, area=area, value="52.5", day="2025-08-01", key=f"first-{area}", reason=None)
    known_at = position_now(get)

    def answers() -> list[httpx.Response]:
        moment = {"as_of": ON, "known_at": known_at}
        judged = [
            get(f"/v1/assessments/{area}{part}", criteria_set=STANDARD, **moment)
            for area in (commune, neighbour)
            for part in ("", "/gaps")
        ]
        return [*judged, get(f"/v1/areas/{commune}", **moment)]

    before = answers()
    assert all(answer.is_success for answer in before)

    for number, area in enumerate((commune, neighbour)):
        observe(
            post,
            area=area,
            value=f"6{number}.1",
            day="2025-08-01",
            key=f"correction-{area}",
            reason="Rà soát lại",
        )
        observe(post, area=area, value="40", day="2025-07-15", key=f"late-{area}", reason=None)
    document = {
        "number": "1/NQ-THU",
        "kind": "resolution",
        "issuer": "Dự án Chung Sức",
        "title": "Sáp nhập để thử",
        "is_demonstration": True,
    }
    merged = post(
        "/v1/area-changes",
        {
            "kind": "merge",
            "effective_on": "2025-08-10",
            "document_id": post("/v1/documents", document, user="administrator", key="d")["id"],
            "areas": [commune, neighbour],
            "into": {"name": "Ba Chẽ", "designation": "xã", "code": COMMUNE, "parent": "22"},
        },
        user="administrator",
        key="merge",
    )
    assert merged["areas_total"] == 3

    after = answers()
    assert [answer.content for answer in after] == [answer.content for answer in before]
    gone = get(f"/v1/areas/{commune}", as_of=ON)
    assert (gone.status_code, gone.json()["code"]) == (404, "area-not-living")
