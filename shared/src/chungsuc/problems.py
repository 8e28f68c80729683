"""One error language: RFC 9457 problem documents in Vietnamese or English.

An error class carries its code, status and title; raising it is enough to answer with it, and
`responses()` writes the same class into OpenAPI.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from chungsuc.text import Text

MEDIA_TYPE = "application/problem+json"


class FieldError(NamedTuple):
    """One field that is wrong: where (JSON pointer or parameter name), which rule, and why."""

    pointer: str
    code: str
    detail: Text


class Problem(Exception):  # noqa: N818 - the name of RFC 9457
    """Base of every error that a caller may see."""

    code: ClassVar[str] = "internal-error"
    status: ClassVar[int] = 500
    title: ClassVar[Text] = Text("Lỗi hệ thống", "Internal error")

    def __init__(
        self,
        detail: Text | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail.en if detail else self.title.en)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


class BadRequest(Problem):
    code, status = "bad-request", 400
    title = Text("Yêu cầu không hợp lệ", "Bad request")


class Unauthorised(Problem):
    code, status = "unauthorised", 401
    title = Text("Cần đăng nhập", "Login required")


class Forbidden(Problem):
    code, status = "forbidden", 403
    title = Text("Không có quyền", "Not allowed")


class NotFound(Problem):
    code, status = "not-found", 404
    title = Text("Không tìm thấy", "Not found")


class MethodNotAllowed(Problem):
    code, status = "method-not-allowed", 405
    title = Text("Phương thức không được hỗ trợ", "Method not allowed")


class Conflict(Problem):
    code, status = "conflict", 409
    title = Text("Xung đột với trạng thái hiện tại", "Conflict with the current state")


class FeedRestarted(Conflict):
    code = "feed_restarted"
    title = Text("Luồng thay đổi đã khởi tạo lại", "The change feed was restarted")


class PreconditionFailed(Problem):
    code, status = "precondition-failed", 412
    title = Text("Dữ liệu đã thay đổi", "The resource has changed")


class PayloadTooLarge(Problem):
    code, status = "payload-too-large", 413
    title = Text("Nội dung quá lớn", "Payload too large")


class UnsupportedMediaType(Problem):
    code, status = "unsupported-media-type", 415
    title = Text("Định dạng không được hỗ trợ", "Unsupported media type")


class Invalid(Problem):
    code, status = "invalid", 422
    title = Text("Dữ liệu không hợp lệ", "Invalid data")


class PreconditionRequired(Problem):
    code, status = "precondition-required", 428
    title = Text("Thiếu điều kiện If-Match", "If-Match is required")


class TooManyRequests(Problem):
    code, status = "too-many-requests", 429
    title = Text("Quá nhiều yêu cầu", "Too many requests")


class BadGateway(Problem):
    code, status = "bad-gateway", 502
    title = Text("Dịch vụ phía sau trả lời sai", "The service behind answered wrongly")


class Unavailable(Problem):
    code, status = "unavailable", 503
    title = Text("Tạm thời không phục vụ được", "Temporarily unavailable")


class GatewayTimeout(Problem):
    code, status = "gateway-timeout", 504
    title = Text("Dịch vụ phía sau không trả lời kịp", "The service behind did not answer in time")


class FieldErrorBody(BaseModel):
    """One wrong field."""

    pointer: str = Field(description="JSON pointer or parameter name", examples=["/items/0/value"])
    code: str = Field(description="Rule that was broken", examples=["too-many-places"])
    detail: str = Field(description="Reason, in the language of the request")


class ProblemBody(BaseModel):
    """RFC 9457 problem document."""

    type: str = Field(description="URI of the kind of problem")
    title: str = Field(description="Kind of problem, in the language of the request")
    status: int = Field(description="HTTP status")
    detail: str = Field(description="What is wrong in this case")
    instance: str = Field(description="Path of the request")
    code: str = Field(description="Stable code of the kind of problem", examples=["not-found"])
    errors: list[FieldErrorBody] = Field(description="Wrong fields, if any")
    request_id: str = Field(description="Id to quote to the operator")


def responses(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Describe these problems in OpenAPI: pass the result as `responses=` of a route."""
    described: dict[int | str, dict[str, Any]] = {}
    for problem in problems:
        described[problem.status] = {
            "description": problem.title.en,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
        }
    return described


def language_of(accept_language: str | None) -> str:
    """Vietnamese unless English is preferred by the header."""
    preferences: list[tuple[float, str]] = []
    for part in (accept_language or "").split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            preferences.append((-float(weight or 1), tag.lower()[:2]))
        except ValueError:
            continue
    ranked = [tag for weight, tag in sorted(preferences, key=lambda p: p[0]) if weight < 0]
    return next((tag for tag in ranked if tag in ("vi", "en")), "vi")


def problem_body(
    problem: Problem, *, language: str, instance: str, request_id: str
) -> dict[str, Any]:
    """Return the problem document as plain data."""
    return {
        "type": f"urn:chungsuc:problem:{problem.code}",
        "title": problem.title.pick(language),
        "status": problem.status,
        "detail": (problem.detail or problem.title).pick(language),
        "instance": instance,
        "code": problem.code,
        "errors": [
            {"pointer": e.pointer, "code": e.code, "detail": e.detail.pick(language)}
            for e in problem.errors
        ],
        "request_id": request_id,
    }


def install(app: FastAPI) -> None:
    """Answer every failure of this application with a problem document."""
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(HTTPException, _answer_framework)
    app.add_exception_handler(Exception, _answer_crash)


def _respond(request: Request, problem: Problem) -> JSONResponse:
    body = problem_body(
        problem,
        language=language_of(request.headers.get("accept-language")),
        instance=request.url.path,
        request_id=request.scope.get("request_id", ""),
    )
    headers = {"Cache-Control": "no-store", **problem.headers}
    return JSONResponse(body, problem.status, headers, media_type=MEDIA_TYPE)


async def _answer_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101 - the handler is registered for this class
    return _respond(request, error)


_REASONS = {
    "missing": Text("bắt buộc", "required"),
    "extra_forbidden": Text("trường không được biết", "unknown field"),
    "json_invalid": Text("không phải JSON hợp lệ", "not valid JSON"),
    "string_pattern_mismatch": Text("không đúng mẫu", "does not match the pattern"),
    "string_too_long": Text("quá dài", "too long"),
    "string_too_short": Text("quá ngắn", "too short"),
    "date_from_datetime_parsing": Text("không phải ngày ISO 8601", "not an ISO 8601 date"),
    "int_parsing": Text("không phải số nguyên", "not an integer"),
    "int_type": Text("không phải số nguyên", "not an integer"),
    "enum": Text("không thuộc danh mục", "not one of the allowed values"),
    "literal_error": Text("không thuộc danh mục", "not one of the allowed values"),
}


def _pointer(path: Sequence[str | int], body: object) -> str:
    """Write where in the body the fault is, without the tag of a union that pydantic names."""
    steps: list[str] = []
    node = body
    for step in path:
        if isinstance(node, dict) and step not in node and step in node.values():
            continue
        steps.append(str(step))
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            node = None
    return "/" + "/".join(steps)


def _field_error(error: Mapping[str, Any], body: object) -> FieldError:
    place, *path = error["loc"]
    pointer = _pointer(path, body) if place == "body" else ".".join(map(str, path))
    kind = str(error["type"])
    message = str(error["msg"])
    vietnamese = _REASONS.get(kind, Text("giá trị không hợp lệ", "")).vi
    return FieldError(
        pointer or place, kind.replace("_", "-"), Text(f"{vietnamese} ({message})", message)
    )


async def _answer_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    errors = [_field_error(e, error.body) for e in error.errors()]
    detail = Text(
        f"{len(errors)} trường không hợp lệ: {', '.join(e.pointer for e in errors[:5])}",
        f"{len(errors)} invalid fields: {', '.join(e.pointer for e in errors[:5])}",
    )
    return _respond(request, Invalid(detail, errors=errors))


_BY_STATUS: dict[int, type[Problem]] = {
    400: BadRequest,
    404: NotFound,
    405: MethodNotAllowed,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
}


async def _answer_framework(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    problem = _BY_STATUS.get(error.status_code, BadRequest)
    return _respond(request, problem(headers=error.headers))


async def answer_unavailable(request: Request, _error: Exception) -> JSONResponse:
    """Answer what another try may mend: the database is away, or busy beyond its time-outs."""
    problem = Unavailable(
        Text("Cơ sở dữ liệu chưa phục vụ được", "The database cannot serve this now"),
        headers={"Retry-After": "1"},
    )
    return _respond(request, problem)


async def _answer_crash(request: Request, _error: Exception) -> JSONResponse:
    return _respond(request, Problem())
