from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtensionOID

from resources.simulator.certificate import certificate


def test_it_fails_every_check_like_the_stock_one(tmp_path: Path) -> None:
    path, _ = certificate(tmp_path)
    made = x509.load_pem_x509_certificate(path.read_bytes())
    assert made.subject == made.issuer
    assert (
        made.subject.rfc4514_string()
        == "CN=Client Portal Web API,OU=Client Portal,O=Interactive Brokers,L=Greenwich,ST=CT,C=US"
    )
    assert made.not_valid_before_utc == datetime(2019, 2, 10, tzinfo=UTC)
    assert made.not_valid_after_utc == datetime(2019, 5, 11, tzinfo=UTC)
    for extension in (ExtensionOID.SUBJECT_ALTERNATIVE_NAME, ExtensionOID.BASIC_CONSTRAINTS):
        with pytest.raises(x509.ExtensionNotFound):
            made.extensions.get_extension_for_oid(extension)
    key = made.public_key()
    assert isinstance(key, RSAPublicKey)
    assert key.key_size == 2048


def test_it_is_kept_in_a_folder_and_new_in_another(tmp_path: Path) -> None:
    first, again, other = (certificate(tmp_path / name)[0].read_bytes() for name in ("a", "a", "b"))
    assert first == again != other


def test_nobody_else_may_read_the_key(tmp_path: Path) -> None:
    _, key = certificate(tmp_path)
    assert key.stat().st_mode & 0o077 == 0
