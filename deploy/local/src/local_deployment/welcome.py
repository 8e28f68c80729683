"""What a person reads once the house stands: the address, a login and first things to look at."""

import shlex

from local_deployment import layout
from local_deployment.house import House

LOGIN = "steering"
LOGIN_COMMAND = """\
TOKEN=$(curl -s {base}/v1/token -d grant_type=password -d username={login} \\
    --data-urlencode password@{password_file} |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')"""
LOOKS = (
    ("Areas by name, accents or not", "/v1/areas?q=ba+che&as_of=2023-08-15"),
    (
        "The communes of Ba Chẽ against the advanced set",
        "/v1/assessments?criteria_set=ntm-xa-nang-cao-2021-2025-demo&under=202&as_of=2023-08-15",
    ),
    (
        "Why Nam Sơn meets 16 of 19: each indicator with its evidence",
        "/v1/assessments/06982?criteria_set=ntm-xa-nang-cao-2021-2025-demo&as_of=2023-08-15",
    ),
    (
        "Lai Châu in one line",
        "/v1/assessment-summaries?criteria_set=ntm-xa-2021-2025-demo&under=12&as_of=2023-12-31",
    ),
    (
        "Capital of Điện Biên by programme",
        "/v1/disbursements?under=11&budget_year=2024&by=programme",
    ),
    (
        "Results, money and targets of Lai Châu on one page",
        "/v1/reports/province-overview?area=12&as_of=2023-12-31",
    ),
)


def text(house: House) -> str:
    """Return what to show under the progress."""
    base = house.gateway_url
    password_file = shown_path(house.identity.password_file)
    login = LOGIN_COMMAND.format(base=base, login=LOGIN, password_file=password_file)
    lines = [
        "",
        f"  Start page      {base}/",
        f"  API to try out  {base}/docs",
        f"  Login           {LOGIN}  password {house.identity.password}",
        f"  Logs            {shown_path(house.folder / 'logs')}/",
        "",
        "  A token, good for ten minutes:",
        *indented(login),
    ]
    for title, path in LOOKS:
        command = f"curl -s -H \"Authorization: Bearer $TOKEN\" '{base}{path}'"
        lines += ["", f"  {title}:", *indented(command)]
    return "\n".join([*lines, "", "  Ctrl-C stops everything.", ""])


def shown_path(path: object) -> str:
    """Return a path as it is typed from the repository's folder."""
    return shlex.quote(str(path).removeprefix(f"{layout.ROOT}/"))


def indented(command: str) -> list[str]:
    return [f"    {line}" for line in command.splitlines()]
