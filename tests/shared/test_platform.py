"""A small service on the shared platform: problems, idempotency, feed, jobs, health."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date

import psycopg
import pytest
from chungsuc import access, etag, jobs, problems, worker
from chungsuc.access import Caller, Grant, Principal
from chungsuc.app import create_service
from chungsuc.changes import Change, Sequencer, append
from chungsuc.database import Database, WriteSession, plain_url
from chungsuc.idempotency import Once
from chungsuc.settings import ServiceSettings
from chungsuc.text import ShortText
from fastapi import APIRouter, FastAPI, Request, Response
from local_deployment.roles import ServiceUrls
from pydantic import BaseModel, Field, SecretStr
from sqlalchemy import text

from tests.conftest import OpenClient, TokenFor


class Thing(BaseModel):
    """Something with a name."""

    name: ShortText = Field(description="Its name")


router = APIRouter()


@router.post("/v1/things", status_code=201)
async def add_thing(body: Thing, once: Once, session: WriteSession, caller: Caller) -> Response:
    async def work() -> Thing:
        await append(session, [Change("thing", body.name, 1, body.model_dump())], action="add")
        return body

    return await once(work)


@router.post("/v1/doomed", status_code=201)
async def add_doomed(session: WriteSession) -> Thing:
    """A constraint that is only checked at commit: the answer must not say 201."""
    await session.execute(
        text("CREATE TEMPORARY TABLE doomed (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    )
    await session.execute(text("INSERT INTO doomed VALUES (1), (1)"))
    return Thing(name="doomed")


@router.post("/v1/long", status_code=202)
async def start_long(session: WriteSession, caller: Caller) -> jobs.Job:
    return await jobs.start(session, kind="count", arguments={"to": 3}, created_by=caller.subject)


@pytest.fixture
def app(platform_settings: Callable[[], ServiceSettings]) -> FastAPI:
    return create_service(
        name="criteria", title="Test", settings=platform_settings(), routers=[router]
    )


async def test_one_hundred_repeats_of_one_key_have_one_effect(
    app: FastAPI, open_client: OpenClient, token_for: TokenFor, database: Database
) -> None:
    async with open_client(app, token_for("administrator@vn")) as client:

        async def send() -> tuple[int, str | None]:
            answer = await client.post(
                "/v1/things", json={"name": "x"}, headers={"Idempotency-Key": "k"}
            )
            return answer.status_code, answer.headers.get("Idempotent-Replayed")

        answers = await asyncio.gather(*(send() for _ in range(100)))
    assert answers.count((201, None)) == 1
    assert set(answers) <= {(201, None), (201, "true"), (409, None)}
    async with database.read_scope() as session:
        assert await session.scalar(text("SELECT count(*) FROM change")) == 1


async def test_a_key_is_required_and_serves_one_body(
    app: FastAPI, open_client: OpenClient, token_for: TokenFor
) -> None:
    async with open_client(app, token_for("administrator@vn")) as client:
        missing = await client.post("/v1/things", json={"name": "x"})
        assert (missing.status_code, missing.json()["code"]) == (400, "idempotency-key-missing")
        key = {"Idempotency-Key": "k"}
        first = await client.post("/v1/things", json={"name": "x"}, headers=key)
        assert first.headers["Change-Id"] == "criteria:1"
        again = await client.post("/v1/things", json={"name": "x"}, headers=key)
        assert again.content == first.content
        other = await client.post("/v1/things", json={"name": "y"}, headers=key)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_the_worker_forgets_keys_after_thirty_days(
    database: Database, platform_urls: ServiceUrls
) -> None:
    keep = (
        "INSERT INTO idempotency_record (principal, route, key, body_hash, status, headers, body, "
        "recorded_at) VALUES ('p', 'r', %s, '', 201, '{}', '', now() - make_interval(days => %s))"
    )
    with psycopg.connect(plain_url(platform_urls.owner)) as owner:
        for key, days in (("old", 31), ("young", 29)):
            owner.execute(keep, [key, days])
    loop = asyncio.ensure_future(worker.forget_keys(database))
    await asyncio.sleep(0.5)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    async with database.read_scope() as session:
        kept = await session.scalars(text("SELECT key FROM idempotency_record"))
        assert list(kept) == ["young"]


@pytest.mark.parametrize(
    ("header", "refused"),
    [
        (None, problems.PreconditionRequired),
        ('"other"', problems.PreconditionFailed),
        ('"mine"', None),
        ("*", None),
    ],
)
def test_a_write_states_the_version_it_was_made_on(
    header: str | None, refused: type[problems.Problem] | None
) -> None:
    headers = [(b"if-match", header.encode())] if header else []
    request = Request({"type": "http", "headers": headers})
    with pytest.raises(refused) if refused else nullcontext():
        etag.require_match(request, '"mine"')


async def test_a_failing_commit_is_answered_500(app: FastAPI, open_client: OpenClient) -> None:
    async with open_client(app) as client:
        answer = await client.post("/v1/doomed")
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [({"name": ""}, "/name"), ({}, "/name"), ({"name": "a\x00b"}, "/name"), ([], "/")],
)
async def test_bad_input_names_the_field_in_the_readers_language(
    app: FastAPI, open_client: OpenClient, token_for: TokenFor, sent: object, pointer: str
) -> None:
    async with open_client(app, token_for("administrator@vn")) as client:
        headers = {"Idempotency-Key": "k"}
        vietnamese = await client.post("/v1/things", json=sent, headers=headers)
        english = await client.post(
            "/v1/things", json=sent, headers={**headers, "Accept-Language": "en"}
        )
    assert vietnamese.status_code == english.status_code == 422
    assert vietnamese.json()["title"] == "Dữ liệu không hợp lệ"
    assert english.json()["title"] == "Invalid data"
    assert english.json()["errors"][0]["pointer"] == pointer
    assert english.json()["request_id"] == english.headers["X-Request-ID"]


async def test_no_token_a_foreign_token_and_an_old_one_are_refused(
    app: FastAPI, open_client: OpenClient, token_for: TokenFor
) -> None:
    for token in (None, "nonsense", token_for("administrator@vn", minutes=-1)):
        async with open_client(app, token) as client:
            answer = await client.get("/v1/criteria/changes")
            assert answer.status_code == 401
            assert answer.json()["code"] == "unauthorised"


async def test_the_feed_is_read_in_batches_until_a_restore_restarts_it(
    app: FastAPI, open_client: OpenClient, token_for: TokenFor, database: Database
) -> None:
    async with database.session_scope() as session:
        things = [Change("thing", str(n), 1, {"n": n}) for n in range(5)]
        await append(session, [*things, Change("other", "o", 1, {})], action="add")
    await Sequencer(database).run_pass()
    async with open_client(app, token_for("feed@vn")) as client:
        first = (await client.get("/v1/criteria/changes?limit=3&resource=thing")).json()
        rest = (
            await client.get(f"/v1/criteria/changes?after={first['next']}&resource=thing")
        ).json()
        assert [item["body"]["n"] for item in first["items"] + rest["items"]] == [0, 1, 2, 3, 4]
        assert rest["next"] == rest["head"] == first["head"]
        lines = await client.get("/v1/criteria/changes", headers={"Accept": "application/x-ndjson"})
        assert len(lines.text.splitlines()) == 6
        place = (await client.get("/v1/criteria/changes/6")).json()
        assert place == {"id": 6, "position": 6}
        old = f"{'0' * 8}-0000-4000-8000-{'0' * 12}:2"
        restarted = await client.get(f"/v1/criteria/changes?after={old}")
        assert (restarted.status_code, restarted.json()["code"]) == (409, "feed_restarted")
    async with open_client(app, token_for("auditor@vn")) as client:
        assert (await client.get("/v1/criteria/changes")).status_code == 403
        audit = (await client.get("/v1/criteria/audit?resource=other")).json()
        assert [row["resource_id"] for row in audit["items"]] == ["o"]


async def test_a_job_runs_and_shows_its_end(
    app: FastAPI, open_client: OpenClient, token_for: TokenFor, database: Database
) -> None:
    async def count(context: jobs.JobContext) -> dict[str, int]:
        for done in range(context.arguments["to"]):
            await context.progress(done + 1, context.arguments["to"])
        return {"counted": context.arguments["to"]}

    runner = jobs.JobRunner(database, {"count": count})
    async with open_client(app, token_for("administrator@vn")) as client:
        job = (await client.post("/v1/long")).json()
        assert job["state"] == "queued"
        loop = asyncio.ensure_future(runner.run())
        for _ in range(100):
            await asyncio.sleep(0.1)
            seen = (await client.get(f"/v1/criteria/jobs/{job['id']}")).json()
            if seen["state"] == "succeeded":
                break
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
    assert (seen["state"], seen["result"]) == ("succeeded", {"counted": 3})
    assert (seen["progress_done"], seen["progress_total"]) == (3, 3)


async def test_broken_connections_are_noticed_before_they_are_used(
    app: FastAPI, open_client: OpenClient, token_for: TokenFor, platform_urls: ServiceUrls
) -> None:
    end_all = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with open_client(app, token_for("administrator@vn")) as client:
        for number in range(3):
            headers = {"Idempotency-Key": f"k{number}"}
            assert (
                await client.post("/v1/things", json={"name": f"x{number}"}, headers=headers)
            ).status_code == 201
            with psycopg.connect(plain_url(platform_urls.runtime), autocommit=True) as other:
                other.execute(end_all)


async def test_a_database_that_is_away_is_answered_503(
    platform_settings: Callable[[], ServiceSettings], open_client: OpenClient, token_for: TokenFor
) -> None:
    nowhere = SecretStr("postgresql://nobody@127.0.0.1:9/nothing")
    settings = platform_settings().model_copy(update={"database_url": nowhere})
    app = create_service(name="criteria", title="Test", settings=settings, routers=[])
    async with open_client(app, token_for("administrator@vn")) as client:
        away = await client.get("/v1/criteria/changes/1")
        assert (away.status_code, away.json()["code"]) == (503, "unavailable")
        assert away.headers["Retry-After"] == "1"
        assert (await client.get("/readyz")).status_code == 503


async def test_health_readiness_and_metrics(app: FastAPI, open_client: OpenClient) -> None:
    async with open_client(app) as client:
        assert (await client.get("/healthz")).json() == {"status": "alive"}
        assert (await client.get("/readyz")).status_code == 200
        assert "http_requests_total" in (await client.get("/metrics")).text


async def test_a_grant_reaches_as_far_as_its_area_and_its_scope() -> None:
    async def covers(node: str, target: str, on: date) -> bool:
        return (node, target) == ("province", "commune")

    def holder(*grants: Grant) -> Principal:
        return Principal("p", "p", grants, token="t")

    async def allowed(principal: Principal, target: str, scope: str | None = None) -> bool:
        try:
            await access.require_grant(
                principal,
                roles=["department"],
                target=target,
                on=date(2025, 1, 1),
                covers=covers,
                scope=scope,
            )
        except problems.Forbidden:
            return False
        return True

    assert await allowed(holder(Grant("department", "province")), "commune")
    assert await allowed(holder(Grant("department", "vn")), "anything")
    assert not await allowed(holder(Grant("department", "province")), "other")
    assert not await allowed(holder(Grant("auditor", "province")), "commune")
    assert not await allowed(holder(Grant("department", "province", "health")), "commune")
    assert await allowed(holder(Grant("department", "province", "health")), "commune", "health")
