"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import DateTime, Dialect, Numeric, String, Text, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from hub_core.domain.stock import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.sql.compiler import SQLCompiler
    from sqlalchemy.types import TypeEngine


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database; on SQLite a text whose order is that of time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the type of the database."""
        return dialect.type_descriptor(String(26) if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn it into UTC; a naive one is a fault of ours."""
        if value is None:
            return None
        if value.tzinfo is not UTC:
            if value.tzinfo is None:
                message = f"{value!r} has no time zone"
                raise ValueError(message)
            value = value.astimezone(UTC)
        return value.replace(tzinfo=None).isoformat(" ", "microseconds") if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give it back aware."""
        if dialect.name == "sqlite":
            return _moment(value)
        moment: datetime | None = value and value.astimezone(UTC)
        return moment

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Let SQLite's rows, of which a page has thousands, go without a detour."""
        return _moment if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text + "+00:00")  # far quicker than to set the zone after


def plain_digits(figures: Sequence[Decimal | None]) -> list[str | None]:
    """Write *figures* without exponents; str takes a quarter of what formatting does, and rarely writes one."""
    return [
        None if figure is None else text if "E" not in (text := str(figure)) else f"{figure:f}" for figure in figures
    ]


def one_form(figures: Sequence[Decimal | None]) -> list[str | None]:
    """Write *figures* so that equal ones are equal texts; most are written so already, and their text shows it."""
    return [
        None if figure is None else text if _is_plain(text := str(figure)) else f"{plain(figure):f}"
        for figure in figures
    ]


def _is_plain(text: str) -> bool:
    return ("." not in text or text[-1] != "0") and "E" not in text and text != "-0"


class ExactDecimal(TypeDecorator[Decimal]):
    """A figure without rounding: NUMERIC on PostgreSQL, text on SQLite, which has no exact type."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the type of the database."""
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Write the plain digits, never an exponent, on SQLite."""
        return value if dialect.name != "sqlite" else plain_digits((value,))[0]

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Give it back exactly."""
        del dialect
        return _figure(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Let SQLite's rows go without a detour."""
        return _figure if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _figure(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


class PlainDecimal(ExactDecimal):
    """An exact figure in its one written form, so that equal figures are equal texts and SQL may compare them."""

    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Write it without trailing zeros."""
        return value if dialect.name != "sqlite" else one_form((value,))[0]


class exact_sum(GenericFunction[Decimal]):  # noqa: N801 - named like the SQL function it is
    """The exact sum of an ExactDecimal column."""

    type = ExactDecimal()
    inherit_cache = True


@compiles(exact_sum)
def _sum(element: exact_sum, compiler: SQLCompiler, **options: Any) -> str:
    return f"sum({compiler.process(element.clauses, **options)})"


@compiles(exact_sum, "sqlite")
def _decimal_sum(element: exact_sum, compiler: SQLCompiler, **options: Any) -> str:
    return f"decimal_sum({compiler.process(element.clauses, **options)})"


class DecimalSum:
    """The aggregate behind `exact_sum` on SQLite."""

    def __init__(self) -> None:
        """Start at zero."""
        self._total = Decimal(0)

    def step(self, value: str | None) -> None:
        """Add one figure."""
        if value is not None:
            self._total += Decimal(value)

    def finalize(self) -> str:
        """Give the sum."""
        return f"{self._total:f}"


Document = Text
"""A whole thing as JSON text."""
