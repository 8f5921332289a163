"""What must lie in the state directory before the stack, or one of its processes, starts."""

from __future__ import annotations

from deploy import certificates, configs
from deploy.rabbitmq import definitions
from deploy.state import State, server_user, write_private
from deploy.supervisor.process import Process


def prepare_stack(state: State) -> None:
    """Make the root authority, the broker's passwords and all configurations."""
    certificates.make_root(state)
    definitions.make(state, server_user("rabbitmq"))
    configs.write_all(state)


def prepare_process(state: State, process: Process) -> None:
    """Prepare one start of *process*: its own preparation, and its way in to Vault."""
    process.prepare(state)
    if process.vault_role is not None:
        from deploy.vault.launch import wrapped_secret_id

        path = state / "run" / f"{process.vault_role}.wrapped"
        write_private(path, wrapped_secret_id(state, process.vault_role))
