"""The certificate of the gateway: like the stock one, valid for nobody's checks.

Belongs here: making it, and keeping it between starts. Does not: TLS settings of the server.

The stock certificate is self-signed, expired since 2019, and names no host. A client has to pin it to
use it without switching verification off, so the simulator's must fail in the same three ways.
"""

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

VALID = datetime(2019, 2, 10, tzinfo=UTC), datetime(2019, 5, 11, tzinfo=UTC)
NAME = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
        x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, "CT"),
        x509.NameAttribute(NameOID.LOCALITY_NAME, "Greenwich"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Interactive Brokers"),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Client Portal"),
        x509.NameAttribute(NameOID.COMMON_NAME, "Client Portal Web API"),
    ]
)
CERTIFICATE, KEY = "gateway.pem", "gateway.key"


def certificate(folder: Path) -> tuple[Path, Path]:
    """Paths of certificate and key in a folder; made when they are not there yet."""
    paths = folder / CERTIFICATE, folder / KEY
    if not all(path.is_file() for path in paths):
        folder.mkdir(parents=True, exist_ok=True)
        _make(*paths)
    return paths


def _make(certificate: Path, key: Path) -> None:
    secret = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signed = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID[0])
        .not_valid_after(VALID[1])
        .sign(secret, hashes.SHA256())
    )
    key.touch(mode=0o600)
    key.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
