"""
The root certificate authority of one stack, and what is signed directly by it.

Everything in the stack trusts one file, `tls/ca.pem`. The root signs the certificates of servers
that must speak TLS before Vault can issue any (PostgreSQL, RabbitMQ, Vault itself, the telemetry
collector), and the intermediate authority of Vault's PKI, which issues all others for an hour.
The root's key is used at set-up only; no running process reads it.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from pathlib import Path

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.state import State, write_private

ROOT_DAYS = 3650
INTERMEDIATE_DAYS = 1825
SERVER_DAYS = 397
"""A year and a month; a server that starts with less than 60 days left gets a new one."""
RENEW_BEFORE = dt.timedelta(days=60)
CLOCK_SKEW = dt.timedelta(minutes=5)


@attrs.frozen
class ServerCertificate:
    """Where a server finds its certificate (with chain) and its key."""

    certificate: Path
    key: Path


def make_root(state: State) -> Path:
    """Make the root authority unless it is there, and return the file that everybody trusts."""
    ca_file, key_file = state / "tls/ca.pem", state / "secrets/root-ca.key"
    if ca_file.exists() and key_file.exists():
        return ca_file
    key = ec.generate_private_key(ec.SECP256R1())
    name = common_name("sas root")
    certificate = (
        builder(name, name, key.public_key(), ROOT_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(AUTHORITY_USAGE, critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(key_file, key_pem(key))
    write_private(ca_file, certificate_pem(certificate), mode=0o644)
    return ca_file


def issue_server_certificate(
    state: State,
    name: str,
    dns: Sequence[str] = ("localhost",),
    ips: Sequence[str] = ("127.0.0.1",),
    user: str | None = None,
) -> ServerCertificate:
    """
    Return the certificate of the server *name*, with a new one made if it is due.

    It serves the host names *dns* and the addresses *ips*; *user* is the system user who may read
    its key, None for ourselves.
    """
    found = ServerCertificate(state / f"tls/{name}.pem", state / f"tls/{name}.key")
    ca_key, ca = root(state)
    if found.key.exists() and found.certificate.exists() and not due(found.certificate, ca):
        return found
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = [x509.DNSName(host) for host in dns]
    addresses = [x509.IPAddress(ipaddress.ip_address(ip)) for ip in ips]
    certificate = (
        builder(common_name(name), ca.subject, key.public_key(), SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([*alternatives, *addresses]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(authority_identifier(ca), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    write_private(found.key, key_pem(key), user=user)
    write_private(found.certificate, certificate_pem(certificate), mode=0o644)
    return found


def sign_intermediate(state: State, csr_pem: str) -> str:
    """
    Sign Vault's request to be an intermediate authority, which may sign no further authorities.

    Returns:
        The intermediate's certificate followed by the root's, as Vault's `set-signed` wants them.

    """
    ca_key, ca = root(state)
    request = x509.load_pem_x509_csr(csr_pem.encode())
    if not request.is_signature_valid:
        raise ValueError("the certificate request is not signed by its own key")
    key = request.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("the intermediate authority must have an elliptic-curve key")
    certificate = (
        builder(request.subject, ca.subject, key, INTERMEDIATE_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(AUTHORITY_USAGE, critical=True)
        .add_extension(authority_identifier(ca), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    return certificate_pem(certificate) + certificate_pem(ca)


AUTHORITY_USAGE = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def root(state: State) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """Return the root authority's key and certificate."""
    key = serialization.load_pem_private_key(
        (state / "secrets/root-ca.key").read_bytes(), password=None
    )
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the root authority's key is not an elliptic-curve key")
    return key, x509.load_pem_x509_certificate((state / "tls/ca.pem").read_bytes())


def due(path: Path, ca: x509.Certificate) -> bool:
    """Whether the certificate in *path* ends soon or comes from another root than *ca*."""
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    try:
        certificate.verify_directly_issued_by(ca)
    except Exception:  # the ways to be from another root are many; all mean a new certificate
        return True
    return certificate.not_valid_after_utc - dt.datetime.now(dt.UTC) < RENEW_BEFORE


def builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    """Return what all our certificates have in common."""
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def authority_identifier(ca: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Return the extension that points to *ca*."""
    identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def common_name(name: str) -> x509.Name:
    """Return a distinguished name of one part."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate_pem(certificate: x509.Certificate) -> str:
    """Return *certificate* as text."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    """Return *key* as text, unencrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
