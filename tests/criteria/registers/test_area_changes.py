"""Recording changes of areas: what they do, what they refuse, and that the past stays readable."""

import asyncio
import uuid
from typing import Any

import httpx
import pytest
from chungsuc.database import Database

from tests.conftest import TokenFor
from tests.criteria.registers.conftest import Post, fresh_key, sequence

DAY, EVE = "2026-02-01", "2026-01-31"


async def one(client: httpx.AsyncClient, area: str, path: str = "", **query: Any) -> Any:
    answer = await client.get(f"/v1/areas/{area}{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def part_of(answer: httpx.Response, part: str) -> list[dict[str, Any]]:
    assert answer.status_code == 201, answer.text
    return [row["area"] for row in answer.json()["areas"] if row["part"] == part]


def new_area(**fields: Any) -> dict[str, Any]:
    return {"code": "99001", "designation": "xã", "name": "Mới", "parent": "22", **fields}


async def test_a_rename_keeps_the_id_and_the_old_name_before_its_day(
    administrator: httpx.AsyncClient, change: Post
) -> None:
    answer = await change("rename", area="06970", name="  Ba   Chẽ Mới ")
    [renamed] = part_of(answer, "changed")
    before = await one(administrator, "06970", as_of=EVE)
    after = await one(administrator, "06970", as_of=DAY)
    assert before["id"] == after["id"] == renamed["id"]
    assert (before["name"], after["name"]) == ("Ba Chẽ", "Ba Chẽ Mới")
    assert answer.headers["change-id"].startswith("criteria:")


async def test_a_recode_keeps_the_id_and_frees_the_old_code(
    administrator: httpx.AsyncClient, change: Post
) -> None:
    before = await one(administrator, "06970")
    part_of(await change("recode", area="06970", code="99002"), "changed")
    assert (await one(administrator, "99002", as_of=DAY))["id"] == before["id"]
    assert (await administrator.get(f"/v1/areas/06970?as_of={DAY}")).status_code == 404
    part_of(await change("create", area=new_area(code="06970")), "began")
    assert (await one(administrator, "06970", as_of=DAY))["id"] != before["id"]
    assert (await one(administrator, "06970", as_of=EVE))["id"] == before["id"]


async def test_a_merger_ends_ids_and_begins_a_new_one_even_with_code_and_name_used_again(
    administrator: httpx.AsyncClient, change: Post
) -> None:
    old = [await one(administrator, code) for code in ("06970", "06985")]
    await change("classify", area="06970", name="border", value="yes", effective_on="2025-07-01")
    answer = await change(
        "merge", areas=["06970", "06985"], into=new_area(code="06970", name="Ba Chẽ")
    )
    [born] = part_of(answer, "began")
    new = await one(administrator, "06970", as_of=DAY)
    assert new["id"] == born["id"] not in {area["id"] for area in old}
    assert {row["area"]["id"] for row in new["predecessors"]} == {area["id"] for area in old}
    assert new["attributes"] == {"region": "DBSH"}, "they disagree on the border"
    ended = await one(administrator, old[1]["id"])
    assert ended["ends_on"] == EVE
    assert [(row["area"]["id"], row["extent"]) for row in ended["successors"]] == [
        (new["id"], "whole")
    ]


async def test_areas_below_merged_ones_go_with_the_new_one(
    administrator: httpx.AsyncClient, change: Post
) -> None:
    village = new_area(area_kind="village", code="9900101", designation="thôn", parent="06985")
    [village_area] = part_of(
        await change("create", area=village, effective_on="2026-01-01"), "began"
    )
    answer = await change("merge", areas=["06970", "06985"], into=new_area())
    [born] = part_of(answer, "began")
    assert [area["id"] for area in part_of(answer, "changed")] == [village_area["id"]]
    now = await one(administrator, village_area["id"], as_of=DAY)
    then = await one(administrator, village_area["id"], as_of=EVE)
    assert now["parent"]["id"] == born["id"]
    assert then["parent"]["code"] == "06985"


async def test_a_split_shares_out_what_lies_below(
    administrator: httpx.AsyncClient, change: Post
) -> None:
    village = new_area(area_kind="village", code="9900101", designation="thôn", parent="06985")
    [child] = part_of(await change("create", area=village, effective_on="2026-01-01"), "began")
    parts = [
        new_area(code="06985", name="Lương Mông", extent="seat_part", share="0.6"),
        new_area(code="06991", name="Minh Cầm", extent="part", share="0.4"),
    ]
    refused = await change("split", area="06985", into=parts)
    assert [e["code"] for e in refused.json()["errors"]] == ["children-not-shared-out"]
    parts[1]["children"] = [child["id"]]
    began = part_of(await change("split", area="06985", into=parts), "began")
    lineage = await one(administrator, "06985", "/lineage", as_of=EVE, on=DAY)
    shares = {reach["area"]["name"]: reach["share"] for reach in lineage["successors"]}
    assert shares == {"xã Lương Mông": "0.60000000", "xã Minh Cầm": "0.40000000"}
    assert (await one(administrator, child["id"]))["parent"]["id"] in {a["id"] for a in began}


async def test_abolition_leaves_no_successor_and_needs_an_empty_area(
    administrator: httpx.AsyncClient, change: Post
) -> None:
    refused = await change("abolish", area="22")
    assert [e["code"] for e in refused.json()["errors"]] == ["has-children"]
    [ended] = part_of(await change("abolish", area="06985"), "ended")
    answer = await administrator.get(f"/v1/areas/06985?as_of={DAY}")
    assert (answer.status_code, answer.json()["errors"]) == (404, [])
    assert (await one(administrator, ended["id"]))["successors"] == []


async def test_what_was_known_earlier_is_answered_alike_after_later_changes(
    administrator: httpx.AsyncClient, change: Post, database: Database
) -> None:
    await sequence(database)
    feed = (await administrator.get("/v1/criteria/changes?limit=1")).json()
    known_at = feed["head"].partition(":")[2]
    reads = [
        f"/v1/areas?under=22&as_of={DAY}&limit=1000&known_at={known_at}",
        f"/v1/areas/06970?as_of={DAY}&known_at={known_at}",
        f"/v1/areas/06985/history?as_of={DAY}&known_at={known_at}",
        f"/v1/areas/06985/lineage?as_of={DAY}&on={DAY}&known_at={known_at}",
        f"/v1/area-changes?known_at={known_at}",
    ]
    before = [(await administrator.get(read)).content for read in reads]
    part_of(await change("rename", area="06970", name="Khác"), "changed")
    part_of(
        await change("merge", areas=["06970", "06985"], into=new_area(), effective_on="2026-03-01"),
        "began",
    )
    part_of(await change("reparent", area="06862", parent="24"), "changed")
    await sequence(database)
    assert [(await administrator.get(read)).content for read in reads] == before
    now = (await administrator.get(reads[0].partition("&known_at")[0])).content
    assert now != before[0]


async def test_a_backdated_change_holds_until_a_later_one(
    administrator: httpx.AsyncClient, change: Post
) -> None:
    await change("rename", area="06970", name="Sau")
    part_of(
        await change("rename", area="06970", name="Trước", effective_on="2025-10-01"), "changed"
    )
    names = [
        (await one(administrator, "06970", as_of=day))["name"]
        for day in ("2025-09-30", "2025-10-01", EVE, DAY)
    ]
    assert names == ["Ba Chẽ", "Trước", "Trước", "Sau"]


async def test_a_mistaken_merger_is_taken_back_and_stays_readable(
    administrator: httpx.AsyncClient, change: Post, database: Database, document_id: str
) -> None:
    async def reverse(change_id: int, query: str = "") -> httpx.Response:
        body = {"kind": "reverse", "document_id": document_id, "change": change_id}
        return await administrator.post(f"/v1/area-changes{query}", json=body, headers=fresh_key())

    read = f"/v1/areas?under=22&as_of={DAY}&limit=1000"
    before = (await administrator.get(read)).json()
    merged = await change("merge", areas=["06970", "06985"], into=new_area())
    [born] = part_of(merged, "began")
    await sequence(database)
    head = (await administrator.get("/v1/criteria/changes?limit=1")).json()["head"]
    renamed = await change("rename", area=born["id"], name="Khác", effective_on="2026-03-01")
    refused = await reverse(merged.json()["id"])
    assert [e["code"] for e in refused.json()["errors"]] == ["later-change-recorded"]
    assert (await reverse(renamed.json()["id"])).status_code == 201
    preview = await reverse(merged.json()["id"], "?dry_run=true")
    assert {row["area"]["name"] for row in preview.json()["areas"]} == {
        "xã Ba Chẽ",
        "xã Lương Minh",
    }
    taken_back = await reverse(merged.json()["id"])
    assert taken_back.status_code == 201, taken_back.text
    assert taken_back.json()["reverses"] == merged.json()["id"]
    assert (await administrator.get(read)).json() == before
    assert (await administrator.get(f"/v1/areas/{born['id']}")).status_code == 404
    then = await one(administrator, born["id"], known_at=head.partition(":")[2])
    assert then["name"] == "Mới"
    again = await reverse(merged.json()["id"])
    assert [e["code"] for e in again.json()["errors"]] == ["not-reversible"]


async def test_the_feed_tells_each_area_in_full(
    administrator: httpx.AsyncClient, change: Post, database: Database, token_for: TokenFor
) -> None:
    [born] = part_of(await change("merge", areas=["06970", "06985"], into=new_area()), "began")
    await sequence(database)
    feed = await administrator.get("/v1/criteria/changes?limit=1")
    epoch, _, head = feed.json()["head"].partition(":")
    tail = await administrator.get(f"/v1/criteria/changes?after={epoch}:{int(head) - 3}")
    bodies = {item["resource_id"]: item["body"] for item in tail.json()["items"]}
    assert len(bodies) == 3
    assert bodies[born["id"]]["spans"] == [
        {
            "from": DAY,
            "to": None,
            "code": "99001",
            "kind": "commune",
            "designation": "xã",
            "name": "Mới",
            "parent_id": (await one(administrator, "22"))["id"],
            "known_from": "2026-02-01",
        }
    ]
    assert len(bodies[born["id"]]["predecessors"]) == 2
    ended = next(body for key, body in bodies.items() if key != born["id"])
    assert ended["spans"][-1]["to"] == EVE
    assert ended["successors"] == [{"id": born["id"], "extent": "whole", "on": DAY}]


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("rename", {"area": "99999", "name": "A"}, "/area", "area-not-found"),
    ("rename", {"area": "06982", "name": "A"}, "/area", "area-not-living"),
    ("rename", {"area": "06970", "name": "Ba Chẽ"}, "/area", "nothing-changes"),
    ("rename", {"area": "06970", "name": "  "}, "/name", "too-short"),
    ("rename", {"area": "06970", "name": "A\x00"}, "/name", "value-error"),
    ("rename", {"area": "06970"}, "/name", "missing"),
    ("rename", {"area": "06970", "name": "A", "more": 1}, "/more", "extra-forbidden"),
    ("recode", {"area": "06970", "code": "06985"}, "/code", "code-taken"),
    ("recode", {"area": "06970", "code": "6A"}, "/code", "string-pattern-mismatch"),
    ("create", {"area": new_area(code="06985")}, "/area/code", "code-taken"),
    ("create", {"area": new_area(parent="202")}, "/area/parent", "area-not-living"),
    ("create", {"area": new_area(parent="06985")}, "/area/parent", "parent-not-above"),
    ("create", {"area": new_area(area_kind="hamlet")}, "/area/area_kind", "unknown-kind"),
    (
        "create",
        {"area": new_area(area_kind="district", code="999")},
        "/area/area_kind",
        "kind-has-ended",
    ),
    ("reparent", {"area": "06970", "parent": "06985"}, "/parent", "parent-not-above"),
    ("merge", {"areas": ["06970"], "into": new_area()}, "/areas", "too-short"),
    ("merge", {"areas": ["06970", "06970"], "into": new_area()}, "/areas/1", "named-twice"),
    (
        "merge",
        {"areas": ["06970", "06985"], "into": new_area(code="06862")},
        "/into/code",
        "code-taken",
    ),
    ("merge", {"areas": ["22", "06985"], "into": new_area()}, "/areas", "kinds-differ"),
    ("abolish", {"area": "06970", "note": "\x00"}, "/note", "value-error"),
    ("retype", {"area": "06970", "designation": "xã"}, "/area", "nothing-changes"),
    ("create", {"area": new_area(name="\x07\x00")}, "/area/name", "value-error"),
    ("explode", {"area": "06970"}, "/", "union-tag-invalid"),
    (
        "rename",
        {"area": "06970", "name": "A", "effective_on": "2026-02-30"},
        "/effective_on",
        "date",
    ),
    ("rename", {"area": "06970", "name": "A", "document_id": "dnone"}, "/document_id", "unknown"),
]


async def test_bad_input_is_named_and_writes_nothing(
    administrator: httpx.AsyncClient, change: Post, database: Database
) -> None:
    before = (await administrator.get("/v1/area-changes")).json()
    for kind, fields, pointer, code in REFUSED:
        answer = await change(kind, **fields)
        problem = answer.json()
        assert answer.status_code == 422, (kind, fields, answer.text)
        assert answer.headers["content-type"].startswith("application/problem+json")
        found = {(error["pointer"], error["code"]) for error in problem["errors"]}
        assert any(pointer == p and code in c for p, c in found), (kind, fields, found)
    assert (await administrator.get("/v1/area-changes")).json() == before


async def test_pages_of_changes_go_on_and_refuse_a_foreign_cursor(
    administrator: httpx.AsyncClient, change: Post
) -> None:
    for name in ("Một", "Hai", "Ba"):
        part_of(await change("rename", area="06970", name=name), "changed")
    whole = (await administrator.get("/v1/area-changes")).json()["items"]
    seen: list[Any] = []
    query: dict[str, Any] = {"limit": 2}
    while len(seen) < len(whole):
        page = (await administrator.get("/v1/area-changes", params=query)).json()
        seen += page["items"]
        query["cursor"] = page["next"]
    assert seen == whole
    assert page["next"] is None
    for foreign in ("WyJ4IiwgMV0", "WzEsIDJd", "W10"):
        answer = await administrator.get("/v1/area-changes", params={"cursor": foreign})
        assert [e["pointer"] for e in answer.json()["errors"]] == ["cursor"]


async def test_an_area_cannot_end_before_a_change_already_recorded(change: Post) -> None:
    part_of(await change("rename", area="06970", name="Sau", effective_on="2026-05-01"), "changed")
    answer = await change("merge", areas=["06970", "06985"], into=new_area())
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        ("/areas/0", "later-change-recorded")
    ]


async def test_a_dry_run_says_what_would_happen_and_writes_nothing(
    administrator: httpx.AsyncClient, change: Post
) -> None:
    answer = await change("merge", query="?dry_run=true", areas=["06970", "06985"], into=new_area())
    assert answer.status_code == 200
    assert answer.json()["id"] is None
    assert {row["part"] for row in answer.json()["areas"]} == {"began", "ended"}
    assert (await one(administrator, "06985", as_of=DAY))["name"] == "Lương Minh"


async def test_of_two_mergers_of_one_area_one_is_recorded(
    administrator: httpx.AsyncClient, change: Post
) -> None:
    answers = await asyncio.gather(
        change("merge", areas=["06970", "06985"], into=new_area(code="99001")),
        change("merge", areas=["06985", "06979"], into=new_area(code="99002")),
        change("abolish", area="06985"),
    )
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422]
    lineage = await one(administrator, "06985", "/lineage", as_of=EVE)
    assert len(lineage["successors"]) <= 1


async def test_of_two_areas_with_one_code_one_is_recorded(change: Post) -> None:
    answers = await asyncio.gather(
        *(change("create", area=new_area(name=name)) for name in ("Một", "Hai", "Ba"))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 422, 422]


async def test_the_same_key_records_one_change(
    administrator: httpx.AsyncClient, document_id: str
) -> None:
    body = {
        "kind": "create",
        "document_id": document_id,
        "effective_on": DAY,
        "area": new_area(),
    }
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first = await administrator.post("/v1/area-changes", json=body, headers=key)
    again = await administrator.post("/v1/area-changes", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize(
    "group", ["auditor@vn", "province_office@vn", "administrator@a2222222222222"]
)
async def test_only_the_administrator_of_the_nation_changes_areas(
    administrator: httpx.AsyncClient, document_id: str, token_for: TokenFor, group: str
) -> None:
    body = {"kind": "abolish", "document_id": document_id, "effective_on": DAY, "area": "06985"}
    headers = fresh_key() | {"Authorization": f"Bearer {token_for(group)}"}
    answer = await administrator.post("/v1/area-changes", json=body, headers=headers)
    assert answer.status_code == 403
    assert "administrator" in answer.json()["detail"]
