"""An empty database to restore into."""

from collections.abc import Generator

import psycopg
import pytest
from psycopg import conninfo, sql
from pydantic import SecretStr

from services.runtime.ids import new_id
from services.runtime.settings import DatabaseSettings
from tests.kit.servers import Server


@pytest.fixture
def other_database(postgres_server: Server) -> Generator[DatabaseSettings]:
    """It belongs to somebody who may do nothing else, as a database of others does."""
    name = f"t_{new_id().hex}"
    named = sql.Identifier(name)
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        login = sql.SQL("create role {} login nosuperuser password {}")
        connection.execute(login.format(named, sql.Literal(name)))
        connection.execute(sql.SQL("create database {} owner {}").format(named, named))
        url = conninfo.make_conninfo(postgres_server.url, dbname=name, user=name, password=name)
        yield DatabaseSettings(url=SecretStr(url), timeout=20)
        connection.execute(sql.SQL("drop database {} with (force)").format(named))
        connection.execute(sql.SQL("drop role {}").format(named))
