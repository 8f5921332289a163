"""
The configuration of every process: `etc/<process>.toml`, written anew before each start.

No secret is in any of them; they say where Vault is and who the process is there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from deploy import witness
from deploy.certificates import issue_server_certificate
from deploy.rabbitmq.definitions import VHOST
from deploy.state import State, write_private

SERVICES = ("identity", "cases", "consent", "reports")
PEERS: Mapping[str, tuple[str, ...]] = {
    "identity": ("consent",),
    "cases": ("consent",),
    "reports": ("consent",),
}
"""Which services call which; consent calls nobody."""
TRUST_DOMAIN = "sas"

Table = dict[str, Any]


def write_all(state: State) -> None:
    """Write the configuration of every process."""
    for name, config in all_configs(state).items():
        write_private(state / "etc" / f"{name}.toml", as_toml(config))


def all_configs(state: State) -> dict[str, Table]:
    """Return the configuration of every process, by its name."""
    configs = {
        "gateway": gateway(state),
        "telemetry": telemetry(state),
        "mail": mail(state),
        "witness": witness.settings(state),
    }
    for service in SERVICES:
        configs[f"{service}-serve"] = serve(state, service)
        configs[f"{service}-work"] = work(state, service)
        configs[f"{service}-migrate"] = common(state, service, "migrate")
    return configs


def common(state: State, service: str, process: str) -> Table:
    """Return what every process of a service needs."""
    name = f"{service}-{process}"
    return {
        "process": name,
        "development": True,
        "vault": vault(state, name),
        "database": {
            "host": "127.0.0.1",
            "port": state.port("postgres"),
            "name": service,
            "ca_file": str(state / "tls/ca.pem"),
            "vault_role": name,
        },
        "telemetry": spans(state),
        "settings": settings(state, service),
    }


def serve(state: State, service: str) -> Table:
    """Return the configuration of the process that answers calls."""
    return common(state, service, "serve") | {
        "listen": address(state, service),
        "trust": trust(state),
        "peers": {peer: address(state, peer) for peer in PEERS.get(service, ())},
    }


def work(state: State, service: str) -> Table:
    """Return the configuration of the process that handles events."""
    return common(state, service, "work") | {
        "rabbitmq": {
            "host": "127.0.0.1",
            "port": state.port("rabbitmq"),
            "vhost": VHOST,
            "secret": f"rabbitmq/{service}-work",
            "ca_file": str(state / "tls/ca.pem"),
        },
    }


def settings(state: State, service: str) -> Table:
    """Return what only the processes of *service* are told."""
    public_url = f"https://localhost:{state.port('gateway')}"
    passkeys = {"passkey_domain": "localhost", "passkey_pages": [public_url]}
    match service:
        case "identity":
            # The second is the staff command's: any port of the loopback (RFC 8252, 7.3).
            uris = [f"{public_url}/callback", "http://127.0.0.1/callback"]
            return passkeys | {"redirect_uris": uris}
        case "cases":
            return {
                "public_url": public_url,
                "smtp_host": "127.0.0.1",
                "smtp_port": state.port("mail"),
                "mail_from": "messages@localhost",
                # Nobody waits for a demonstration; whoever sends can still ask for it.
                "hold_seconds": 0,
            }
        case "consent":
            told = witness.told_to_consent(state) | {"ledger_disk": str(state.root)}
            return passkeys | told
    return {}


def gateway(state: State) -> Table:
    """Return the configuration of the gateway."""
    return {
        "process": "gateway",
        "listen": address(state, "gateway"),
        "development": True,
        "vault": vault(state, "gateway"),
        "telemetry": spans(state),
        "trust": trust(state),
        "peers": {service: address(state, service) for service in SERVICES},
        "settings": {"run_directory": str(state / "gateway")},
    }


def telemetry(state: State) -> Table:
    """Return the configuration of the collector of traces."""
    certificate = issue_server_certificate(state, "telemetry")
    return {
        "process": "telemetry",
        "listen": address(state, "telemetry"),
        "settings": {
            "certificate_file": str(certificate.certificate),
            "key_file": str(certificate.key),
            "spans_file": str(state / "telemetry/spans.db"),
        },
    }


def mail(state: State) -> Table:
    """Return the configuration of the development mailbox."""
    return {
        "process": "mail",
        "listen": address(state, "mail"),
        "settings": {"folder": str(state / "mail")},
    }


def vault(state: State, role: str) -> Table:
    """Return where Vault is, and who the process is there; a role's id is its name."""
    return {
        "url": f"https://{address(state, 'vault')}",
        "ca_file": str(state / "tls/ca.pem"),
        "role_id": role,
        "wrapped_secret_id_file": str(state / "run" / f"{role}.wrapped"),
    }


def spans(state: State) -> Table:
    """Return where spans are sent."""
    return {
        "url": f"https://{address(state, 'telemetry')}/v1/traces",
        "ca_file": str(state / "tls/ca.pem"),
    }


def trust(state: State) -> Table:
    """Return whose certificates are good, and in which trust domain."""
    return {"ca_file": str(state / "tls/ca.pem"), "domain": TRUST_DOMAIN}


def address(state: State, server: str) -> str:
    """Return where *server* listens."""
    return f"127.0.0.1:{state.port(server)}"


def as_toml(config: Table) -> str:
    """Return *config* as TOML: plain settings first, then one section for each table."""
    lines = [
        f"{key} = {json.dumps(value)}"
        for key, value in config.items()
        if not isinstance(value, dict)
    ]
    for name, section in config.items():
        if isinstance(section, dict) and section:
            # A JSON string, number, true, false or list of those is the same in TOML.
            lines += ["", f"[{name}]"]
            lines += [f"{key} = {json.dumps(value)}" for key, value in section.items()]
    return "\n".join(lines) + "\n"
