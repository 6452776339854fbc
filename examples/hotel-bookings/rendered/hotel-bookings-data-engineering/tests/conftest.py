"""A state folder that several tests read."""

import pyarrow.parquet as pq
import pytest
from synthetic import NOON, columns, random_rows, run, table

from hotel_bookings_data_engineering import entities, feature_views, materialise
from hotel_bookings_data_engineering.settings import Settings
from hotel_bookings_data_engineering.sources import SOURCES


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A state folder with validated rows, features and a filled store."""
    state = tmp_path_factory.mktemp("state")
    for name, source in SOURCES.items():
        folder = state / "validated" / name
        folder.mkdir(parents=True)
        rows = random_rows(source, seed=7)
        if name == entities.SOURCE:
            for row in rows:
                text = columns(source)[entities.KEY].kind == "string"
                row[entities.KEY] = f"entity-{row['source_row']}" if text else row["source_row"]
        pq.write_table(table(source, rows), folder / "part.parquet")
    made = Settings(
        environment="test",
        target="local",
        state=state,
        replayed=NOON,
        sources={},
        extra={"feature_store": str(state / "feature_store")},
    )
    run(made, feature_views.run, "features")
    run(made, materialise.run, "feature_store")
    return made
