"""Whom do programs in the sandbox trust? A throw-away certificate authority, and certificates for Azure's host names.

The authority exists once per sandbox, under ``.sandbox/certificates``; its key never leaves that folder. Programs
trust it through the bundle only, so nothing else on the machine does.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import ssl
import tempfile
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_AUTHORITY_DAYS = 825
_HOST_DAYS = 90
#: An authority that ends sooner than this is made anew.
_RENEW = timedelta(days=_HOST_DAYS)


class Authority:
    """The sandbox's certificate authority. Made when first needed; safe with several processes at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        #: Key and certificate in one file, so that it appears whole or not at all.
        self._file = folder / "authority.pem"
        #: What the system trusts plus this authority: for REQUESTS_CA_BUNDLE, SSL_CERT_FILE and their like.
        self.bundle = folder / "bundle.pem"
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    def ensure(self) -> None:
        """Make the authority and the bundle where they are missing or about to end."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._file.exists() or self._certificate().not_valid_after_utc < datetime.now(UTC) + _RENEW:
            _write(self._file, _new_authority())
        own = self._certificate().public_bytes(serialization.Encoding.PEM)
        if not self.bundle.exists() or own not in self.bundle.read_bytes():
            import certifi  # noqa: PLC0415 - part of requests; only needed to write the bundle

            _write(self.bundle, Path(certifi.where()).read_bytes() + b"\n# The sandbox\n" + own, mode=0o644)

    def context(self, host: str) -> ssl.SSLContext:
        """The TLS context of a server that answers for ``host``."""
        with self._lock:
            if host not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                with tempfile.TemporaryDirectory(dir=self.folder) as folder:
                    file = Path(folder) / "host.pem"
                    _write(file, b"".join(self.issue([host])))
                    context.load_cert_chain(file)
                self._contexts[host] = context
            return self._contexts[host]

    def client_context(self) -> ssl.SSLContext:
        """The TLS context of a client that trusts this authority alone."""
        return ssl.create_default_context(cadata=self._certificate().public_bytes(serialization.Encoding.PEM).decode())

    def write_pair(self, name: str, hosts: Sequence[str]) -> tuple[Path, Path]:
        """A certificate for ``hosts`` and its key as files, for a server that wants files."""
        key, certificate = self.issue(hosts)
        key_file, certificate_file = self.folder / f"{name}.key", self.folder / f"{name}.crt"
        _write(key_file, key)
        _write(certificate_file, certificate, mode=0o644)
        return certificate_file, key_file

    def issue(self, hosts: Sequence[str]) -> tuple[bytes, bytes]:
        """A new key and a certificate for ``hosts``, both as PEM."""
        authority_key = serialization.load_pem_private_key(self._file.read_bytes(), password=None)
        assert isinstance(authority_key, ec.EllipticCurvePrivateKey)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(hosts[0][:64], self._certificate().subject, _HOST_DAYS)
            .public_key(key.public_key())
            .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
        )
        certificate = builder.sign(authority_key, hashes.SHA256())
        return _pem(key), certificate.public_bytes(serialization.Encoding.PEM)

    def _certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self._file.read_bytes())


def _new_authority() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = "EZAZ ML sandbox (throw-away authority)"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    certificate = (
        _builder(name, subject, _AUTHORITY_DAYS)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def _builder(subject: str, issuer: x509.Name, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file whole or not at all, readable by its owner alone unless ``mode`` says otherwise."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise
