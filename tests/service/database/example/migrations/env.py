"""What alembic runs."""

from common.migrate import upgrade_here

upgrade_here()
