"""Imports as JSON."""

import uuid
from datetime import datetime
from typing import Any, Literal

from chungsuc.text import CivilDate
from pydantic import BaseModel, Field

Mode = Literal["atomic", "partial"]
Outcome = Literal["checked", "recorded", "partly_recorded", "refused"]


class ImportOut(BaseModel):
    """One file of observations, how far it is, and what came of it."""

    id: uuid.UUID = Field(description="Import id, which is the id of its job")
    state: Literal["queued", "running", "succeeded", "failed"] = Field(description="Where it is")
    progress_done: int = Field(description="Values done")
    progress_total: int | None = Field(description="Values in all; null while unknown")
    mode: Mode = Field(description="atomic: all values or none; partial: every good one")
    is_dry_run: bool = Field(description="True when nothing is written")
    is_demonstration: bool = Field(description="True when the values are made up")
    observed_on: CivilDate | None = Field(description="Date of rows that name none")
    document_id: str | None = Field(description="Document that the values come from")
    content_hash: str = Field(description="SHA-256 of the file")
    author: str = Field(description="Who sent it")
    recorded_at: datetime = Field(description="When it was sent")
    outcome: Outcome | None = Field(description="What came of it; null until it has ended")
    rows: int | None = Field(description="Rows below the header")
    values_recorded: int | None = Field(description="Values new on their date")
    values_corrected: int | None = Field(description="Values that replace one of the same date")
    values_unchanged: int | None = Field(description="Values that were there already")
    errors: int | None = Field(description="Reasons against rows, see `/errors`")
    percent_cells: int | None = Field(
        description="Cells formatted as percent that were taken times 100: 0.95 shown as 95 %"
    )
    problem: dict[str, Any] | None = Field(description="Why the file as a whole was refused")


class ImportErrorOut(BaseModel):
    """One reason against one cell, row or column of a file."""

    line: int = Field(description="Line in the file, from 1; 0 means the whole file")
    column: str = Field(description="Heading of the column; empty when it is about the row")
    value: str = Field(description="What the cell says")
    code: str = Field(description="Rule that was broken", examples=["ambiguous-number"])
    reason_vi: str = Field(description="Reason in Vietnamese")
    reason_en: str = Field(description="Reason in English")
