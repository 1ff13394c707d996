"""Minings by key, those of single tasks included; the table before was never written."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table anew."""
    op.drop_table("mining")
    op.create_table(
        "mining",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column(
            "connection_id",
            sa.Integer().with_variant(sa.BigInteger(), "postgresql"),
            nullable=False,
        ),
        sa.Column("stopped_by", sa.String(length=100), nullable=False),
        sa.Column("stopped_streams", sa.JSON(), nullable=False),
        sa.Column("from_now_at", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.String(length=100), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connection.id"],
            name=op.f("fk_mining_connection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_mining")),
    )
    op.create_index("ix_mining_connection", "mining", ["connection_id"], unique=False)
