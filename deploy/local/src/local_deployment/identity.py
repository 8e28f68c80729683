"""Who may log in to a house on one machine: its signing key, users and service clients."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gateway import issuer
from local_deployment import layout, secret_files

DEMONSTRATION = "demonstration"


class DemonstrationUser(NamedTuple):
    """Somebody to try the API as: an office, never a person."""

    username: str
    name: str
    groups: tuple[str, ...]


# Codes of provinces and of the commune Ba Chẽ as valid today; the issuer turns them into ids.
USERS = (
    DemonstrationUser("administrator", "Quản trị danh mục", ("administrator@vn",)),
    DemonstrationUser("steering", "Ban Chỉ đạo Trung ương", ("steering_committee@vn",)),
    DemonstrationUser("auditor", "Kiểm toán", ("auditor@vn",)),
    DemonstrationUser("integrator", "Hệ thống kết nối", ("integrator@vn",)),
    DemonstrationUser(
        "officer", "Cán bộ nhập số liệu toàn quốc", ("commune_officer@vn", "department@vn")
    ),
    DemonstrationUser("certifier", "Cơ quan thẩm định, công nhận", ("certifier@vn",)),
    DemonstrationUser("finance", "Cán bộ tài chính", ("finance_officer@vn", "investor@vn")),
    DemonstrationUser("approver", "Người phê duyệt bút toán", ("approver@vn",)),
    DemonstrationUser("quang-ninh", "Văn phòng điều phối tỉnh Quảng Ninh", ("province_office@22",)),
    DemonstrationUser("lai-chau", "Văn phòng điều phối tỉnh Lai Châu", ("province_office@12",)),
    DemonstrationUser(
        "dien-bien",
        "Sở Tài chính tỉnh Điện Biên",
        ("province_office@11", "finance_officer@11"),
    ),
)


@dataclass(frozen=True)
class Identity:
    """Where the key, the key set and the accounts are, and the secrets behind them."""

    signing_key: Path
    key_set: Path
    users_file: Path
    password_file: Path
    client_secrets: dict[str, str]

    @property
    def password(self) -> str:
        """The password of every demonstration user of this house."""
        return self.password_file.read_text(encoding="utf-8").strip()


def prepare(folder: Path) -> Identity:
    """Make the signing key, users and clients where they are missing or have changed."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = secret_files.keep_secrets(folder / "secrets.json", [DEMONSTRATION, *layout.SERVICES])
    identity = Identity(
        signing_key=folder / "signing-key.pem",
        key_set=folder / issuer.KEY_SET_NAME,
        users_file=folder / "accounts.json",
        password_file=folder / "demonstration-password",
        client_secrets={service: kept[service] for service in layout.SERVICES},
    )
    # The key set is written after the key: without it, an interrupted start left half of the pair.
    if not identity.key_set.exists():
        identity.signing_key.unlink(missing_ok=True)
        issuer.make_key(identity.signing_key)
    write_accounts(identity, kept)
    # In a file of its own for curl's password@file: it then stands in no command line.
    if not identity.password_file.exists():
        secret_files.write_private(identity.password_file, kept[DEMONSTRATION])
    return identity


def write_accounts(identity: Identity, kept: dict[str, str]) -> None:
    made_from = hashlib.sha256(json.dumps([USERS, kept]).encode()).hexdigest()
    # Hashing passwords is slow by design, so unchanged accounts are left as they are.
    if identity.users_file.exists():
        written = json.loads(identity.users_file.read_text(encoding="utf-8"))
        if written.get("made_from") == made_from:
            return
    password = issuer.hash_password(kept[DEMONSTRATION])
    users = {
        user.username: {"name": user.name, "password": password, "groups": list(user.groups)}
        for user in USERS
    }
    clients = {
        service: {
            "name": service,
            "secret": issuer.hash_password(kept[service]),
            "groups": ["feed@vn"],
        }
        for service in layout.SERVICES
    }
    document = {"made_from": made_from, "users": users, "clients": clients}
    secret_files.write_private(
        identity.users_file, json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    )
