"""Where a store keeps its orders and products."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Facets = TypeVar("Facets")

_REMEMBERED_ANSWERS = 16


@dataclass(slots=True)
class Record(Generic[Facets]):
    """One order or product: what it can be searched by, and its text.

    The text is the truth; *texts* also keeps what other versions of the API make of it.
    """

    key: int
    facets: Facets
    text: bytes
    texts: dict[str, bytes] = field(default_factory=dict)


class Shelf(Generic[Facets]):
    """Records in the order of their keys, with the answers to recent searches kept."""

    def __init__(self) -> None:
        self._records: dict[int, Record[Facets]] = {}
        self._keys: list[int] = []
        self._answers: dict[Hashable, Sequence[Record[Facets]]] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: int) -> bool:
        return key in self._records

    @property
    def keys(self) -> Sequence[int]:
        """All keys, ascending."""
        return tuple(self._keys)

    @property
    def next_key(self) -> int:
        """The first key above all others."""
        return self._keys[-1] + 1 if self._keys else 1

    def put(self, record: Record[Facets]) -> None:
        """Keep *record*, in place of one with the same key."""
        if record.key not in self._records:
            insort(self._keys, record.key)
        self._records[record.key] = record
        self._answers = {}

    def get(self, key: int) -> Record[Facets] | None:
        """Find the record with this *key*."""
        return self._records.get(key)

    def remove(self, key: int) -> None:
        """Drop the record with this *key*; raise KeyError where there is none."""
        del self._records[key]
        del self._keys[bisect_left(self._keys, key)]
        self._answers = {}

    def select(self, question: Hashable, matches: Callable[[Record[Facets]], bool]) -> Sequence[Record[Facets]]:
        """List what *matches*, ascending; *question* names the search, so that its next page costs nothing."""
        answers = self._answers
        if question not in answers:
            if len(answers) >= _REMEMBERED_ANSWERS:
                answers.clear()
            # Tests change a store while its server's thread reads: what has just been removed is passed over.
            found = (self._records.get(key) for key in self.keys)
            answers[question] = [record for record in found if record and matches(record)]
        return answers[question]
