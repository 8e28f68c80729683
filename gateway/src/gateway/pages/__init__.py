"""The pages a person meets: the start page, and Swagger UI from files of this machine."""

import html
import importlib.util
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from string import Template

from gateway.exchange import Exchange
from gateway.issuer import Account

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{inline}; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HTML = "text/html; charset=utf-8"
_HERE = Path(__file__).parent
_OWN_ASSETS = {
    "docs.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "start.css": "text/css; charset=utf-8",
}
_SWAGGER_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
_NOTICE = (
    '<p class="notice" role="note"><strong>Dữ liệu minh hoạ.</strong> Số liệu ở đây được chọn để '
    "thử hệ thống, không phải số liệu chính thức. "
    '<span lang="en"><strong>Demonstration data.</strong> The figures were chosen to try the '
    "system; they are not official.</span></p>"
)
_DEVELOPMENT_LOGIN = """TOKEN=$$(curl -s $base/v1/token \\
  -d grant_type=password -d username=$user -d password=… \\
  | python3 -c 'import json,sys; print(json.load(sys.stdin)["access_token"])')"""
_PROVIDER_LOGIN = "TOKEN=…  # {issuer}"


class Pages:
    """Pages and files, read once; nothing is loaded from another host.

    `issuer` is the production provider, None while the development issuer runs.
    """

    def __init__(
        self, *, issuer: str | None, people: Sequence[Account], demonstration: bool
    ) -> None:
        self._start = Template((_HERE / "start.html").read_text(encoding="utf-8"))
        self._docs = (_HERE / "docs.html").read_bytes()
        self._issuer = issuer
        self._people = people
        self._notice = _NOTICE if demonstration else ""
        self._assets = _read_assets()

    def start_page(self, base: str) -> bytes:
        """Return the start page as seen at this address."""
        shown_base = html.escape(base)
        if self._issuer is not None:
            login = html.escape(_PROVIDER_LOGIN.format(issuer=self._issuer))
        else:
            user = self._people[0].subject if self._people else "…"
            login = html.escape(Template(_DEVELOPMENT_LOGIN).substitute(base=base, user=user))
        page = self._start.substitute(
            base=shown_base, login=login, notice=self._notice, people=self._people_table()
        )
        return page.encode()

    def _people_table(self) -> str:
        if not self._people:
            return ""
        rows = "".join(
            f"<tr><td><code>{html.escape(person.subject)}</code></td>"
            f"<td>{html.escape(person.name)}</td>"
            f"<td><code>{html.escape(', '.join(person.groups))}</code></td></tr>"
            for person in self._people
        )
        return (
            '<section aria-labelledby="people"><h2 id="people">Tài khoản thử nghiệm '
            '<span lang="en">Test accounts</span></h2><div class="wide"><table><thead><tr>'
            '<th scope="col">Tên đăng nhập <span lang="en">User</span></th>'
            '<th scope="col">Vai <span lang="en">Part</span></th>'
            '<th scope="col">Quyền <span lang="en">Grants</span></th></tr></thead>'
            f"<tbody>{rows}</tbody></table></div></section>"
        )

    async def answer_start(self, exchange: Exchange, base: str) -> None:
        """Answer with the start page."""
        await exchange.answer(200, self.start_page(base), HTML, _page_headers(inline_styles=False))

    async def answer_docs(self, exchange: Exchange) -> None:
        """Answer with Swagger UI, which sets styles of its own."""
        await exchange.answer(200, self._docs, HTML, _page_headers(inline_styles=True))

    def asset_answer(self, name: str) -> Callable[[Exchange], Awaitable[None]] | None:
        """Return what answers with this file, or None when there is no such file."""
        found = self._assets.get(name)
        if found is None:
            return None
        body, media_type = found

        async def answer(exchange: Exchange) -> None:
            await exchange.answer(200, body, media_type, {"Cache-Control": "public, max-age=3600"})

        return answer


def _page_headers(*, inline_styles: bool) -> dict[str, str]:
    inline = " 'unsafe-inline'" if inline_styles else ""
    return {
        "Content-Security-Policy": CONTENT_POLICY.format(inline=inline),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
        "Vary": "Accept",
    }


def _read_assets() -> dict[str, tuple[bytes, str]]:
    assets = {name: ((_HERE / name).read_bytes(), kind) for name, kind in _OWN_ASSETS.items()}
    # only the files of this package are wanted; importing it would import a web framework
    package = importlib.util.find_spec("fastapi_swagger")
    if package is None or package.origin is None:
        raise FileNotFoundError("the package fastapi-swagger, which holds Swagger UI, is missing")
    folder = Path(package.origin).parent / "resources"
    assets |= {name: ((folder / name).read_bytes(), kind) for name, kind in _SWAGGER_ASSETS.items()}
    return assets
