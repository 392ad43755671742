"""Create physical networks, networks, segments and events."""

from segmentary.db.migrations.execute import execute_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    execute_script(__file__)
