"""Staff members and their dated roles. The account they sign in with is kept as an HMAC only."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from services.identity.domain.roles import Role
from services.identity.storage.tables import staff_members, staff_roles


@attrs.frozen
class StaffMember:
    """A staff member with the role that ends last."""

    id: str
    display_name: str = attrs.field(repr=False)
    role: Role

    @property
    def name(self) -> str:
        """The resource name."""
        return f"staffMembers/{self.id}"


# The latest role of each staff member: a person who comes back has more than one.
_LATEST = (
    sa.select(
        staff_members.c.id,
        staff_members.c.display_name,
        staff_roles.c.role,
        staff_roles.c.begins_at,
        staff_roles.c.ends_at,
    )
    .join(staff_roles, staff_roles.c.staff_member_id == staff_members.c.id)
    .ext(distinct_on(staff_members.c.id))
    .order_by(staff_members.c.id, staff_roles.c.ends_at.desc(), staff_roles.c.begins_at.desc())
)


@attrs.frozen
class StaffMembers:
    """The store of staff members."""

    connection: sa.Connection

    def add(self, account: bytes, display_name: str, now: datetime) -> str:
        """Admit a person, or give a known one their new name; return the id."""
        row = insert(staff_members).values(
            id=str(uuid4()), account_hmac=account, display_name=display_name, create_time=now
        )
        admitted: str = self.connection.execute(
            row.on_conflict_do_update(
                index_elements=["account_hmac"],
                set_={"display_name": row.excluded.display_name},
            ).returning(staff_members.c.id)
        ).scalar_one()
        return admitted

    def add_role(self, id_: str, role: Role) -> None:
        """Give a staff member a role."""
        self.connection.execute(
            sa.insert(staff_roles).values(
                id=str(uuid4()),
                staff_member_id=id_,
                role=role.code,
                begins_at=role.begins_at,
                ends_at=role.ends_at,
            )
        )

    def next_version(self, id_: str) -> int:
        """Number one more change of a staff member that others are told of."""
        c = staff_members.c
        moved = sa.update(staff_members).where(c.id == id_).values(version=c.version + 1)
        number: int = self.connection.execute(moved.returning(c.version)).scalar_one()
        return number

    def lock_account(self, account: bytes) -> str | None:
        """
        Return the id of the staff member with this account, if there is one.

        Until the end of the transaction, nobody else signs in as, or changes, that person.
        """
        return self._lock(staff_members.c.account_hmac == account)

    def lock(self, id_: str) -> None:
        """Keep everybody else from signing in as, or changing, this staff member."""
        self._lock(staff_members.c.id == id_)

    def roles(self, id_: str, now: datetime) -> list[Role]:
        """Return the roles of a staff member that hold at *now*."""
        rows = self.connection.execute(
            sa.select(staff_roles.c.role, staff_roles.c.begins_at, staff_roles.c.ends_at).where(
                staff_roles.c.staff_member_id == id_
            )
        )
        return [role for role in (Role(*row) for row in rows) if role.holds(now)]

    def anybody_holds(self, code: str, now: datetime) -> bool:
        """Say whether somebody has the role *code* at *now*."""
        return self.connection.execute(
            sa.select(
                sa.exists().where(
                    staff_roles.c.role == code,
                    staff_roles.c.begins_at <= now,
                    staff_roles.c.ends_at > now,
                )
            )
        ).scalar_one()

    def end_roles(self, id_: str, now: datetime) -> None:
        """End every role of a staff member that still holds."""
        self.connection.execute(
            sa.update(staff_roles)
            .where(staff_roles.c.staff_member_id == id_, staff_roles.c.ends_at > now)
            .values(ends_at=now)
        )

    def find(self, id_: str) -> StaffMember | None:
        """Return one staff member, if there is such a one."""
        row = self.connection.execute(_LATEST.where(staff_members.c.id == id_)).one_or_none()
        return _member(row) if row else None

    def page(self, after: str | None, size: int) -> list[StaffMember]:
        """Return up to *size* staff members whose id comes after *after*, in the order of ids."""
        query = _LATEST.limit(size)
        if after is not None:
            query = query.where(staff_members.c.id > after)
        return [_member(row) for row in self.connection.execute(query)]

    def _lock(self, which: sa.ColumnElement[bool]) -> str | None:
        return self.connection.execute(
            sa.select(staff_members.c.id).where(which).with_for_update()
        ).scalar_one_or_none()


def _member(row: sa.Row[str, str, str, datetime, datetime]) -> StaffMember:
    return StaffMember(row.id, row.display_name, Role(row.role, row.begins_at, row.ends_at))
