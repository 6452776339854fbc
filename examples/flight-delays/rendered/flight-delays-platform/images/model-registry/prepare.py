"""Before the server starts: tables of its version, and an administrator with today's password.

The server makes tables where there are none, but does not upgrade old ones; and it takes the
password from its environment the first time only. Several pods may start at once: one prepares.
"""

import os
import time

import sqlalchemy
from mlflow.server.auth.config import read_auth_config
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore as Accounts
from mlflow.store.db.utils import _upgrade_db
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Runs

LOCK = 5000  # any number, as long as it is the same one
PATIENCE = 120.0  # seconds that the database may take to start


def connected(engine: sqlalchemy.Engine) -> sqlalchemy.Connection:
    """A connection, as soon as there is somebody to answer."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return engine.connect()
        except sqlalchemy.exc.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def tables(engine: sqlalchemy.Engine, address: str) -> None:
    """Make the tables, or upgrade those of an older version."""
    if sqlalchemy.inspect(engine).has_table("alembic_version"):
        _upgrade_db(engine)
    else:
        Runs(address, "mlflow-artifacts:/")


def administrator(address: str, name: str, password: str) -> None:
    """Have the administrator, with this password."""
    accounts = Accounts()
    accounts.init_db(address)
    if not accounts.has_user(name):
        accounts.create_user(name, password, is_admin=True)
    elif not accounts.authenticate_user(name, password):
        accounts.update_user(name, password=password, is_admin=True)


def main() -> None:
    """Do both while no other pod does."""
    address = os.environ["MLFLOW_BACKEND_STORE_URI"]
    accounts = read_auth_config()
    engine = sqlalchemy.create_engine(address)
    with connected(engine) as connection:
        connection.execute(sqlalchemy.text(f"SELECT pg_advisory_lock({LOCK})"))
        tables(engine, address)
        administrator(
            accounts.database_uri, str(accounts.admin_username), str(accounts.admin_password)
        )


if __name__ == "__main__":
    main()
