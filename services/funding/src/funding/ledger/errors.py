"""What the ledger refuses, in words: each refusal of the database becomes a problem document."""

from collections.abc import Mapping
from typing import Any

from chungsuc.problems import Conflict, FieldError, Forbidden, Invalid, NotFound, Problem
from chungsuc.text import Text


class TransferNotFound(NotFound):
    code = "transfer-not-found"
    title = Text("Không tìm thấy bút toán", "Transfer not found")


class TransferRefused(Invalid):
    code = "transfer-refused"
    title = Text("Bút toán không hợp lệ", "The transfer is not valid")


class InsufficientBalance(Conflict):
    code = "insufficient-balance"
    title = Text("Số dư không đủ", "Insufficient balance")


class LimitExceeded(Conflict):
    code = "limit-exceeded"
    title = Text("Vượt hạn mức", "A ceiling would be exceeded")


class StateConflict(Conflict):
    code = "transfer-state-conflict"
    title = Text("Trạng thái bút toán không cho phép", "The state of the transfer forbids it")


class MakerIsChecker(Forbidden):
    code = "maker-is-checker"
    title = Text("Người lập không được tự duyệt", "Who made a transfer may not approve it")


class LedgerRefused(Exception):  # noqa: N818 - a verdict, told to the caller as a Problem
    """The database refused a posting: a code, the field, and the figures behind it."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__(str(facts["code"]))
        self.facts = facts


_CLASSES: Mapping[str, type[Problem]] = {
    "insufficient_balance": InsufficientBalance,
    "limit_exceeded": LimitExceeded,
    "ceiling_below_use": LimitExceeded,
    "maker_is_checker": MakerIsChecker,
    "already_decided": StateConflict,
    "already_reversed": StateConflict,
    "reversal_of_reversal": StateConflict,
    "transfer_not_posted": StateConflict,
    "transfer_expired": StateConflict,
}
_DETAILS: Mapping[str, Text] = {
    "insufficient_balance": Text(
        "Số dư {balance} của {pocket_id} còn {available_vnd} đồng, yêu cầu {requested_vnd} đồng",
        "Balance {balance} of {pocket_id} has {available_vnd} đồng left, {requested_vnd} requested",
    ),
    "limit_exceeded": Text(
        "Hạn mức {limit} là {ceiling_vnd} đồng (văn bản {document_id}), đã dùng {used_vnd}, "
        "yêu cầu thêm {requested_vnd}",
        "The ceiling {limit} is {ceiling_vnd} đồng (document {document_id}), {used_vnd} are used, "
        "{requested_vnd} more requested",
    ),
    "ceiling_below_use": Text(
        "Hạn mức {ceiling_vnd} đồng thấp hơn số đã giao {used_vnd} đồng",
        "A ceiling of {ceiling_vnd} đồng lies below the {used_vnd} already planned",
    ),
    "maker_is_checker": Text(
        "Cần một người khác duyệt bút toán này", "Another person must approve this transfer"
    ),
    "already_decided": Text("Bút toán đã ở trạng thái {state}", "The transfer is already {state}"),
    "already_reversed": Text(
        "Bút toán này đã có bút toán đảo", "The transfer has a reversal already"
    ),
    "reversal_of_reversal": Text(
        "Không đảo một bút toán đảo: lập bút toán mới",
        "A reversal is not reversed: make a new transfer",
    ),
    "transfer_not_posted": Text(
        "Chỉ đảo được bút toán đã ghi sổ", "Only a posted transfer can be reversed"
    ),
    "transfer_expired": Text(
        "Bút toán đã hết hạn chờ duyệt lúc {expires_at}", "The transfer expired at {expires_at}"
    ),
    "unknown_document": Text("Không có văn bản này", "No such document"),
    "unknown_pocket": Text("Không có nguồn tiền này", "No such pocket"),
    "unknown_transfer": Text("Không có bút toán này", "No such transfer"),
    "unknown_programme": Text("Không có chương trình này", "No such programme"),
    "unknown_component": Text("Không có dự án thành phần này", "No such component"),
    "unknown_capital_kind": Text("Không có loại vốn này", "No such capital kind"),
    "unknown_source": Text(
        "Không có nguồn vốn này vào ngày {on}", "No such funding source on {on}"
    ),
    "unknown_holder": Text("Không có đối tượng nhận này", "No such holder"),
    "component_not_below": Text(
        "Dự án thành phần không thuộc {node}", "The component does not lie below {node}"
    ),
    "source_not_budget": Text(
        "Nguồn này không phải ngân sách: không ghi vào sổ này",
        "This source is no budget money: it has no pockets",
    ),
    "programme_not_in_force": Text(
        "Chương trình có hiệu lực từ {from} đến {to}", "The programme holds from {from} to {to}"
    ),
    "holder_not_in_force": Text(
        "Đối tượng nhận không tồn tại vào ngày {on}", "The holder is not in force on {on}"
    ),
    "holder_not_below": Text(
        "Đối tượng nhận không ở cấp dưới vào ngày {on}", "The holder does not lie below on {on}"
    ),
    "no_issuing_budget": Text(
        "Không có ngân sách cấp {area_kind} phía trên đối tượng nhận",
        "No budget of level {area_kind} lies above the holder",
    ),
    "value_in_future": Text("Hôm nay là {today}", "Today is {today}"),
    "value_before_original": Text(
        "Bút toán gốc có ngày hiệu lực {value_on}", "The original takes effect on {value_on}"
    ),
    "outside_window": Text(
        "Thời gian cho phép từ {opens_on} đến {closes_on}",
        "The window is open from {opens_on} to {closes_on}",
    ),
    "no_window_rule": Text(
        "Chưa có quy định thời hạn cho năm ngân sách này",
        "No rule gives the window of this budget year",
    ),
    "not_a_work": Text(
        "Chỉ công trình mới có khối lượng nghiệm thu", "Only a work has accepted volume"
    ),
}
_UNNAMED = Text("Cơ sở dữ liệu từ chối", "The database refused it")


def detail_of(facts: Mapping[str, Any]) -> Text:
    """Say a refusal with its figures."""
    words = _DETAILS.get(facts["code"], _UNNAMED)
    return Text(words.vi.format_map(facts), words.en.format_map(facts))


def problem_of(facts: Mapping[str, Any]) -> Problem:
    """Turn a refusal of the database into the problem that a caller sees."""
    detail = detail_of(facts)
    error = FieldError(facts["pointer"], str(facts["code"]).replace("_", "-"), detail)
    return _CLASSES.get(facts["code"], TransferRefused)(detail, errors=[error])
