"""Parts of addresses."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from hub_core.web.cursors import LARGEST_ID

Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]
"""The id of a row; anything else at its place is simply not found."""
