"""Who is predicted, and as of when."""

from ninefold.spec.base import Part
from ninefold.spec.text import Duration, Expression, Identifier


class Prediction(Part):
    """The entity and the instant for which a prediction is made."""

    entity: Identifier
    """What one prediction is about, in the singular."""
    source: Identifier
    """The source with one row per entity."""
    key: Identifier
    """The column that identifies an entity."""
    at: Identifier
    """The column with the instant that is predicted for."""
    lead_time: Duration
    """The prediction is made this long before `at`; only what was known then counts."""
    known_before: Duration
    """From this long before `at` the entity's row is known."""
    gone_at: Expression | None = None
    """The instant from which the entity is there no longer, empty while it is: whoever is gone by
    the time of the prediction is not predicted, and not learnt from."""
