"""The databases that the other tests stand on."""

import pytest
import sqlalchemy as sa

from tests.postgres import PostgresServer


def test_each_test_gets_an_empty_database_that_keeps_what_is_written(database_url: str) -> None:
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("CREATE TABLE seen (number integer)"))
        connection.execute(sa.text("INSERT INTO seen VALUES (7)"))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT number FROM seen")) == 7
    engine.dispose()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_no_database_is_handed_out_twice(database_url: str, turn: str) -> None:
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE TABLE only_here (turn_{turn} integer)"))
        assert sa.inspect(connection).get_table_names() == ["only_here"]
    engine.dispose()


def test_a_database_made_from_a_template_has_its_tables(postgres_server: PostgresServer) -> None:
    template = postgres_server.create()
    engine = sa.create_engine(postgres_server.url(template))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE copied (number integer)"))
    engine.dispose()
    copy = postgres_server.create(template)
    engine = sa.create_engine(postgres_server.url(copy))
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["copied"]
    engine.dispose()
    postgres_server.drop(copy)
    postgres_server.drop(template)
