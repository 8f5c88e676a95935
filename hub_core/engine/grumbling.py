"""Warnings of what lasts: each is logged once, and again only after it had come to an end."""

from __future__ import annotations

import logging
from collections.abc import Collection

logger = logging.getLogger("hub_core.engine")


class Grumbling:
    """The warnings of one loop; *form* is what is logged, with one place for what went wrong."""

    def __init__(self, form: str) -> None:
        self._form = form
        self._said: frozenset[str] = frozenset()

    def of(self, troubles: Collection[object]) -> None:
        """Log those of the present *troubles* that were not there the last time."""
        texts = frozenset(map(str, troubles))
        for text in sorted(texts - self._said):
            logger.warning(self._form, text)
        self._said = texts
