"""A broker with TLS, SCRAM passwords and access rights, as companies run theirs."""

from __future__ import annotations

from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from tests.real.broker import RealBroker

USERS = {"admin": "admin-secret", "service": "service-secret", "stranger": "stranger-secret"}


class SecureBroker(RealBroker):
    """SASL_SSL with SCRAM-SHA-512 and ACLs. `admin` may do everything, others what they are given."""

    listener = "SASL_SSL"

    def properties(self) -> dict[str, str]:
        """The broker's configuration; writes its keys too."""
        authority = trustme.CA()
        self.ca_file = self.folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        keys = self.folder / "broker.pem"
        keys.write_bytes(_keys(authority.issue_cert("127.0.0.1", "localhost")))
        login = "org.apache.kafka.common.security.scram.ScramLoginModule required"
        return {
            **super().properties(),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(keys),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.ca_file),
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
                f'{login} username="admin" password="{USERS["admin"]}";'
            ),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:admin;User:ANONYMOUS",
        }

    def format_arguments(self) -> list[str]:
        """The users' passwords."""
        return [
            argument
            for name, password in USERS.items()
            for argument in ("--add-scram", f"SCRAM-SHA-512=[name={name},password={password}]")
        ]

    def client(self, user: str = "admin", password: str | None = None) -> dict[str, str | int | float | bool]:
        """Properties with which a client connects as `user`."""
        return {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": str(Path(self.ca_file)),
            "sasl.mechanisms": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": USERS[user] if password is None else password,
        }


def _keys(certificate: trustme.LeafCert) -> bytes:
    """Key and certificates in one PEM, the key in PKCS #8: the only form that Java reads."""
    key = load_pem_private_key(certificate.private_key_pem.bytes(), password=None)
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + chain
