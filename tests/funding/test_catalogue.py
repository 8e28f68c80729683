"""The catalogue: what the files say is what the API shows, and loading again changes nothing."""

from typing import Any

import psycopg
import pytest
from funding import catalogue
from funding.programmes import catalogue_repository
from funding.settings import catalogue_folder
from local_deployment.roles import ServiceUrls
from pydantic import ValidationError

from tests.funding.conftest import OpenFunding


@pytest.fixture(scope="module")
def content() -> catalogue.Catalogue:
    return catalogue.read(catalogue_folder())


def test_the_tree_has_the_published_numbers_of_components(content: catalogue.Catalogue) -> None:
    """11 contents; 7 projects with 11 subprojects; 10 projects with 14 subprojects."""
    counts = {
        root.code: (len(root.children), sum(len(child.children) for child in root.children))
        for root in content.programmes
    }
    assert counts == {
        "NTM-2125": (11, 0),
        "GNBV-2125": (7, 11),
        "DTTS-2125": (10, 14),
        "MTQG-2635": (2, 0),
    }


def test_unverified_budget_codes_stay_out() -> None:
    """State budget codes known from memory only would be taken for official ones."""
    for path in catalogue_folder().glob("*.yaml"):
        rows = path.read_text(encoding="utf-8").partition("programmes:")[2]
        assert "budget_code" not in rows
        assert not any(code in rows for code in ('"0470"', '"0490"', '"0510"'))


def load(urls: ServiceUrls, content: catalogue.Catalogue) -> int:
    with psycopg.connect(urls.owner) as owner:
        return catalogue_repository.load(owner, catalogue.rows_of(content))


def changes(urls: ServiceUrls) -> list[Any]:
    with psycopg.connect(urls.owner) as owner:
        found = owner.execute(
            "SELECT resource_id, revision, body ->> 'name_vi' FROM change "
            "WHERE resource = 'programme' ORDER BY id"
        )
        return found.fetchall()


def test_loading_again_changes_nothing_and_a_change_is_told(
    funding_urls: ServiceUrls, content: catalogue.Catalogue
) -> None:
    before = changes(funding_urls)
    assert len(before) == len(catalogue.rows_of(content)["programmes"])
    assert load(funding_urls, content) == 0
    assert changes(funding_urls) == before
    corrected = content.model_copy(deep=True)
    corrected.programmes[0].children[0].name_vi = "Tên đã sửa"
    assert load(funding_urls, corrected) == 1
    assert changes(funding_urls)[len(before) :] == [("NTM-01", 2, "Tên đã sửa")]


def test_a_mistake_in_a_file_is_named() -> None:
    with pytest.raises(ValidationError, match=r"capital_kinds\.0\.color"):
        catalogue.Catalogue.model_validate(
            {
                "programmes": [],
                "capital_kinds": [
                    {
                        "code": "a",
                        "name_vi": "a",
                        "name_en": "a",
                        "law_vi": "a",
                        "has_medium_term_plan": True,
                        "color": 1,
                    }
                ],
                "funding_sources": [],
                "medium_term_periods": [],
                "window_rules": [],
            }
        )


async def test_the_tree_is_open_and_dated(open_funding: OpenFunding) -> None:
    async with open_funding("auditor@vn") as client:
        everything = (await client.get("/v1/programmes")).json()["items"]
        in_2024 = (await client.get("/v1/programmes?as_of=2024-01-01")).json()["items"]
        under = (await client.get("/v1/programmes?under=GN-03")).json()["items"]
        sources = (await client.get("/v1/funding-sources?as_of=2025-07-01")).json()["items"]
        kinds = (await client.get("/v1/capital-kinds")).json()["items"]
    assert {row["programme_id"] for row in in_2024} == {"NTM-2125", "GNBV-2125", "DTTS-2125"}
    assert [row["id"] for row in under] == ["GN-03", "GN-03.1", "GN-03.2"]
    unknown = [row["id"] for row in everything if not row["is_complete"]]
    assert unknown == ["HP-1", "HP-2"]
    codes = {row["code"]: row for row in sources}
    assert "NSH" not in codes
    assert (codes["UTDP"]["has_pockets"], codes["LG"]["has_pockets"]) == (True, False)
    assert [kind["code"] for kind in kinds] == ["investment", "recurrent"]
