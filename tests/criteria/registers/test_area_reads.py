"""What a reader sees of the registers, on a date and over time."""

import csv
import io
import json
from typing import Any

import httpx
import pytest
from chungsuc.text import sort_key

OLD_DAY, NEW_DAY = "2025-06-30", "2025-07-01"


async def items(reader: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await reader.get("/v1/areas", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def one(reader: httpx.AsyncClient, area: str, path: str = "", **query: Any) -> Any:
    answer = await reader.get(f"/v1/areas/{area}{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def lines(reader: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    headers = {"Accept": "application/x-ndjson"}
    answer = await reader.get("/v1/areas", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize("words", ["ĐẮK LẮK", "đắk lắk", "dak lak", "tỉnh Đắk Lắk", "Đăk Lăk"])
async def test_search_finds_dak_lak_however_it_is_typed(
    reader: httpx.AsyncClient, words: str
) -> None:
    found = await items(reader, q=words, area_kind="province")
    assert [area["name"] for area in found] == ["Đắk Lắk"]


async def test_both_ways_to_write_hoa_find_the_same_areas(reader: httpx.AsyncClient) -> None:
    one_way = await items(reader, q="hoà bình", limit=1000)
    other_way = await items(reader, q="HÒA BÌNH", limit=1000)
    assert one_way == other_way
    assert "Hòa Bình" in {area["name"] for area in one_way}


async def test_search_begins_at_words_and_takes_wildcards_as_letters(
    reader: httpx.AsyncClient,
) -> None:
    assert {a["name"] for a in await items(reader, q="a Chẽ")} == set()
    assert {a["name"] for a in await items(reader, q="Ba Ch")} >= {"Ba Chẽ"}
    assert await items(reader, q="%") == []
    assert await items(reader, q="_a ch") == []


async def test_provinces_come_in_vietnamese_order(reader: httpx.AsyncClient) -> None:
    names = [area["name"] for area in await items(reader, area_kind="province", limit=1000)]
    assert len(names) == 34
    assert names == sorted(names, key=sort_key)
    assert names[:3] == ["An Giang", "Bắc Ninh", "Cà Mau"]
    assert names.index("Đà Nẵng") > names.index("Cao Bằng")
    assert names.index("Đồng Tháp") < names.index("Gia Lai")


async def test_the_country_has_other_areas_before_and_after_july_2025(
    reader: httpx.AsyncClient,
) -> None:
    before = await lines(reader, as_of=OLD_DAY)
    after = await lines(reader, as_of=NEW_DAY)
    count = {
        (day, kind): sum(area["area_kind"] == kind for area in areas)
        for day, areas in (("before", before), ("after", after))
        for kind in ("province", "district", "commune")
    }
    assert count == {
        ("before", "province"): 63,
        ("before", "district"): 696,
        ("before", "commune"): 10_035,
        ("after", "province"): 34,
        ("after", "district"): 0,
        ("after", "commune"): 3_321,
    }


async def test_eleven_provinces_keep_their_id_over_the_change(reader: httpx.AsyncClient) -> None:
    before = {a["id"] for a in await items(reader, area_kind="province", as_of=OLD_DAY)}
    after = {a["id"] for a in await items(reader, area_kind="province", as_of=NEW_DAY)}
    assert len(before & after) == 11
    quang_ninh = await one(reader, "22", "/history")
    assert len(quang_ninh["spans"]) == 1


async def test_a_code_used_again_means_another_area_on_another_date(
    reader: httpx.AsyncClient,
) -> None:
    truc_bach = await one(reader, "00004", as_of=OLD_DAY)
    ba_dinh = await one(reader, "00004", as_of=NEW_DAY)
    assert (truc_bach["name"], ba_dinh["name"]) == ("Trúc Bạch", "Ba Đình")
    assert truc_bach["id"] != ba_dinh["id"]
    assert truc_bach["parent"]["name"] == "quận Ba Đình"
    assert ba_dinh["parent"]["name"] == "thành phố Hà Nội"


async def test_luong_minh_begins_with_the_merger_of_2024(reader: httpx.AsyncClient) -> None:
    before = await one(reader, "06985", as_of="2024-10-31")
    after = await one(reader, "06985", as_of="2024-11-01")
    minh_cam = await one(reader, "06991", as_of="2023-08-15")
    assert [before["name"], after["name"]] == ["Lương Mông", "Lương Minh"]
    assert before["coverage"] == "assumed"
    assert after["coverage"] == "known"
    assert "memory" in minh_cam["source"]
    assert {n["area"]["id"] for n in after["predecessors"]} == {before["id"], minh_cam["id"]}
    changes = (await one(reader, after["id"], "/history"))["changes"]
    assert [change["kind"] for change in changes] == ["register", "merge"]
    assert changes[1]["document"]["number"] == "1199/NQ-UBTVQH15"
    assert changes[1]["document"]["certainty"] == "recalled_unverified"


async def test_the_communes_of_ba_che_reach_their_successors(reader: httpx.AsyncClient) -> None:
    district = await one(reader, "202", as_of="2023-08-15")
    communes = await items(reader, under=district["id"], area_kind="commune", as_of="2023-08-15")
    assert len(communes) == 8
    successors = {}
    for commune in communes:
        lineage = await one(reader, commune["id"], "/lineage", as_of="2023-08-15", on="2025-07-01")
        living = [reach for reach in lineage["successors"] if reach["is_living"]]
        assert living, commune["name"]
        successors[commune["name"]] = {reach["area"]["name"] for reach in living}
    assert successors["Minh Cầm"] == {"xã Lương Minh"}
    assert successors["Lương Mông"] == {"xã Lương Minh"}
    assert successors["Nam Sơn"] == {"xã Ba Chẽ"}


async def test_lineage_goes_back_to_the_predecessors_of_a_date(reader: httpx.AsyncClient) -> None:
    lineage = await one(reader, "06985", "/lineage", on="2024-10-31")
    names = {
        reach["area"]["name"]: reach["steps"]
        for reach in lineage["predecessors"]
        if reach["is_living"]
    }
    assert names["xã Lương Mông"] == 2
    assert names["xã Minh Cầm"] == 2


async def test_a_split_commune_reaches_all_its_parts(reader: httpx.AsyncClient) -> None:
    lineage = await one(reader, "00019", "/lineage", as_of=OLD_DAY, on=NEW_DAY)
    extents = {reach["area"]["code"]: reach["extent"] for reach in lineage["successors"]}
    assert set(extents) == {"00004", "00070", "00190", "00226"}
    assert sorted(extents.values()) == ["part", "part", "part", "seat_part"]


async def test_island_districts_became_special_zones(reader: httpx.AsyncClient) -> None:
    for name in ("Bạch Long Vĩ", "Cồn Cỏ", "Hoàng Sa", "Lý Sơn", "Côn Đảo"):
        [district] = await items(reader, q=f"huyện {name}", area_kind="district", as_of=OLD_DAY)
        lineage = await one(reader, district["id"], "/lineage", on=NEW_DAY)
        assert [r["area"]["name"] for r in lineage["successors"]] == [f"đặc khu {name}"]


async def test_every_new_commune_has_a_predecessor(reader: httpx.AsyncClient) -> None:
    for area in await items(reader, area_kind="commune", q="Thổ Châu"):
        assert area["designation"] == "đặc khu"
        assert (await one(reader, area["id"]))["predecessors"]


async def test_a_new_commune_has_the_region_its_predecessors_agree_on(
    reader: httpx.AsyncClient,
) -> None:
    communes = await lines(reader, area_kind="commune", as_of=NEW_DAY)
    regions = {area["code"]: area["attributes"].get("region") for area in communes}
    assert regions["06970"] == "DBSH"
    assert sum(region is not None for region in regions.values()) > 3_300
    provinces = await items(reader, area_kind="province", as_of=NEW_DAY)
    lam_dong = next(a for a in provinces if a["name"] == "Lâm Đồng")
    assert "region" not in lam_dong["attributes"]


async def test_an_ended_code_names_what_became_of_it(reader: httpx.AsyncClient) -> None:
    answer = await reader.get(
        "/v1/areas/06982", params={"as_of": NEW_DAY}, headers={"Accept-Language": "en"}
    )
    problem = answer.json()
    assert answer.status_code == 404
    assert problem["code"] == "area-not-living"
    assert [error["code"] for error in problem["errors"]] == ["succeeded-by"]
    assert "xã Ba Chẽ (06970" in problem["errors"][0]["detail"]


async def test_an_unknown_area_is_404_for_code_and_id(reader: httpx.AsyncClient) -> None:
    for area in ("99999", "anothing12345"):
        answer = await reader.get(f"/v1/areas/{area}")
        assert (answer.status_code, answer.json()["code"]) == (404, "area-not-found")


async def test_an_ended_id_is_read_on_its_last_day_unless_a_date_is_given(
    reader: httpx.AsyncClient,
) -> None:
    nam_son = await one(reader, "06982", as_of="2023-08-15")
    last = await one(reader, nam_son["id"])
    assert last["as_of"] == "2025-06-30"
    assert last["successors"][0]["area"]["name"] == "xã Ba Chẽ"
    dated = await reader.get(f"/v1/areas/{nam_son['id']}", params={"as_of": NEW_DAY})
    assert dated.status_code == 404


async def test_dong_nai_became_a_city_under_the_same_id(reader: httpx.AsyncClient) -> None:
    before = await one(reader, "75", as_of="2026-04-29")
    after = await one(reader, "75", as_of="2026-04-30")
    assert (before["designation"], after["designation"]) == ("tỉnh", "thành phố")
    assert before["id"] == after["id"]


async def test_pages_give_every_area_once_and_in_order(reader: httpx.AsyncClient) -> None:
    seen: list[dict[str, Any]] = []
    query: dict[str, Any] = {"under": "22", "area_kind": "commune", "limit": 7}
    while True:
        page = (await reader.get("/v1/areas", params=query)).json()
        seen += page["items"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    whole = await items(reader, under="22", area_kind="commune", limit=1000)
    assert seen == whole
    assert len({area["id"] for area in seen}) == len(seen) == 54


async def test_parent_is_one_level_and_under_is_all(reader: httpx.AsyncClient) -> None:
    children = await items(reader, parent="22", as_of=OLD_DAY, limit=1000)
    subtree = await items(reader, under="22", as_of=OLD_DAY, limit=1000)
    assert {area["area_kind"] for area in children} == {"district"}
    assert {area["area_kind"] for area in subtree} == {"province", "district", "commune"}


async def test_the_csv_download_has_the_rows_of_the_list(reader: httpx.AsyncClient) -> None:
    query = {"under": "12", "as_of": OLD_DAY}
    answer = await reader.get("/v1/areas", params=query, headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert rows[0]["parent_code"] in {"12", "vn", "VN"} or rows[0]["parent_id"]
    assert [row["id"] for row in rows] == [a["id"] for a in await lines(reader, **query)]
    assert sum(r["designation"] == "xã" for r in rows) == 94


async def test_an_unchanged_area_is_answered_304_until_the_date_is_another(
    reader: httpx.AsyncClient,
) -> None:
    first = await reader.get("/v1/areas/22")
    held = {"If-None-Match": first.headers["etag"]}
    again = await reader.get("/v1/areas/22", headers=held)
    other = await reader.get("/v1/areas/22", params={"as_of": OLD_DAY}, headers=held)
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"as_of": "30/06/2025"}, "as_of"),
        ({"as_of": "9999-12-31"}, "as_of"),
        ({"known_at": "tomorrow"}, "known_at"),
        ({"known_at": "999999999"}, "known_at"),
        ({"limit": 0}, "limit"),
        ({"cursor": "xyz"}, "cursor"),
        ({"cursor": "WzFd"}, "cursor"),
        ({"parent": "'; DROP"}, "parent"),
        ({"q": "\x00"}, "q"),
    ],
)
async def test_a_bad_parameter_is_named(
    reader: httpx.AsyncClient, query: dict[str, Any], field: str
) -> None:
    answer = await reader.get("/v1/areas", params=query)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [field]


async def test_without_a_token_nothing_is_shown(reader: httpx.AsyncClient) -> None:
    answer = await reader.get("/v1/areas", headers={"Authorization": ""})
    assert answer.status_code == 401
