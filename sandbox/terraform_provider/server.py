"""How does Terraform find and talk to the provider? The go-plugin handshake and the gRPC server behind it."""

from __future__ import annotations

import base64
import os
import signal
import sys
import tempfile
import threading
from concurrent import futures
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
from tf.gen import grpc_controller_pb2, grpc_controller_pb2_grpc, grpc_stdio_pb2_grpc, tfplugin_pb2_grpc

from sandbox.home import SandboxHome
from sandbox.terraform_provider.servicer import SandboxProvider

_MAGIC_COOKIE = ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
_CORE_PROTOCOL, _PLUGIN_PROTOCOL = 1, 6
_PARENT_POLL_SECONDS = 0.5


class _Controller(grpc_controller_pb2_grpc.GRPCControllerServicer):  # type: ignore[misc]
    """go-plugin's own service: Terraform asks the provider to end."""

    def __init__(self, end: threading.Event) -> None:
        self._end = end

    def Shutdown(self, request: Any, context: Any) -> Any:
        """End after this answer."""
        self._end.set()
        return grpc_controller_pb2.Empty()


class _Stdio(grpc_stdio_pb2_grpc.GRPCStdioServicer):  # type: ignore[misc]
    """go-plugin's stream of a plugin's output; there is none."""

    def StreamStdio(self, request: Any, context: Any) -> Any:
        """An empty stream."""
        return iter(())


def serve(provider: str) -> None:
    """Serve ``provider`` until Terraform says stop or is gone. Ends the process."""
    if os.environ.get(_MAGIC_COOKIE[0]) != _MAGIC_COOKIE[1]:
        sys.exit(f"This is the sandbox's stand-in for the Terraform provider {provider}: Terraform starts it.")
    folder = os.environ.get("EZAZML_SANDBOX_HOME")
    if os.environ.get("EZAZML_TARGET") != "sandbox" or not folder:
        sys.exit(
            f"The sandbox's stand-in for {provider} runs only in the sandbox (EZAZML_TARGET=sandbox). For Azure, open "
            "a new shell without the sandbox's variables."
        )
    # Ctrl-C reaches the whole process group; Terraform itself decides when its providers stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end = threading.Event()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10))
    servicer = SandboxProvider(provider, SandboxHome(Path(folder)), Path.cwd())
    tfplugin_pb2_grpc.add_ProviderServicer_to_server(servicer, server)
    grpc_controller_pb2_grpc.add_GRPCControllerServicer_to_server(_Controller(end), server)
    grpc_stdio_pb2_grpc.add_GRPCStdioServicer_to_server(_Stdio(), server)
    with tempfile.TemporaryDirectory(prefix="ezazml-") as socket_folder:
        socket = f"{socket_folder}/provider.sock"
        certificate = _listen(server, f"unix://{socket}")
        server.start()
        print(f"{_CORE_PROTOCOL}|{_PLUGIN_PROTOCOL}|unix|{socket}|grpc|{certificate}", flush=True)  # noqa: T201
        _wait(end)
        server.stop(grace=2).wait()


def _wait(end: threading.Event) -> None:
    parent = os.getppid()
    while not end.wait(_PARENT_POLL_SECONDS):
        if os.getppid() != parent:
            return  # Terraform was killed; nobody else will stop this process


def _listen(server: grpc.Server, address: str) -> str:
    """Open the socket; returns the certificate for the handshake, empty without TLS."""
    if not os.environ.get("PLUGIN_CLIENT_CERT"):
        server.add_insecure_port(address)
        return ""
    key, certificate_pem, certificate_der = _certificate()
    server.add_secure_port(address, grpc.ssl_server_credentials([(key, certificate_pem)]))
    return base64.b64encode(certificate_der).decode().rstrip("=")


def _certificate() -> tuple[bytes, bytes, bytes]:
    """A key and a self-signed certificate for this one connection (Terraform's automatic mutual TLS)."""
    from cryptography import x509  # noqa: PLC0415 - not needed without TLS, and slow to import
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(True, False, True, False, True, True, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(usage, critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True
        )
        .sign(key, hashes.SHA256())
    )
    return (
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        certificate.public_bytes(serialization.Encoding.PEM),
        certificate.public_bytes(serialization.Encoding.DER),
    )
