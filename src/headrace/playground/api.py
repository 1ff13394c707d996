"""The playground itself: CODING's HTTP surface as a pure `Transport`, without sockets."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import parse_qs, urlsplit

from headrace.core.clock import Clock
from headrace.core.transport import Request, Response

from .actions import ALL
from .actions.action import Action, Call
from .envelope import ApiError, answer, failure
from .hooks import Delivery, Hooks
from .modules.files.serving import Serving
from .oauth import AUTHORIZE_PATH, TOKEN_PATH, OAuth
from .parameters import checked, decode
from .rates import Rates
from .settings import Settings
from .team import Team
from .tokens import Token, Tokens

API_PATH = "/open-api"


class Playground:
    """Answers `POST …/open-api`, the OAuth page and the token endpoint for one team.

    Not safe for several threads at once: `serve` brings its own lock. Deterministic: the same
    team, clock and requests give the same answers, ids included.
    """

    def __init__(self, team: Team, clock: Clock, *, settings: Settings | None = None) -> None:
        self.team = team
        self.clock = clock
        self.hooks = Hooks(team)
        self.calls: Counter[str] = Counter()
        self._tokens = Tokens()
        self._rates = Rates()
        self._oauth = OAuth(self._tokens, team.domain)
        self._serving = Serving(team, self._tokens)
        self._requests = 0
        self.settings = settings or Settings()

    @property
    def settings(self) -> Settings:
        """May be replaced at any time."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = settings
        self.team.remember_ms = settings.visibility_lag_ms

    @property
    def throttled(self) -> int:
        """How many requests were refused with RequestLimitExceeded."""
        return self._rates.throttled

    @property
    def requests_while_throttled(self) -> int:
        """How many of them came within the wait that the refusal before had announced."""
        return self._rates.while_throttled

    @property
    def refreshes(self) -> int:
        """How often an OAuth grant was renewed."""
        return self._oauth.refreshed

    def issue_token(
        self,
        kind: str = "personal",
        scopes: frozenset[str] | set[str] | None = None,
        project_id: int | None = None,
    ) -> str:
        """A new token: personal, oauth, or project (`user:password`, needs `project_id`)."""
        chosen = None if scopes is None else frozenset(scopes)
        return self._tokens.issue(kind, chosen, project_id or 0)

    def revoke(self, token: str) -> None:
        self._tokens.revoke(token)

    def register_app(self, redirect_uri: str) -> tuple[str, str]:
        """Register an OAuth app: (client_id, client_secret)."""
        return self._oauth.register_app(redirect_uri)

    def send(self, request: Request) -> Response:
        """Answer one request. Unknown paths answer 404."""
        path = urlsplit(request.url).path
        if path.endswith(API_PATH) and request.method == "POST":
            return self._open_api(request)
        if path.endswith(AUTHORIZE_PATH) and request.method == "GET":
            return self._oauth.authorize(request, self.settings, self.clock.now_ms())
        if path.endswith(TOKEN_PATH) and request.method == "POST":
            return self._oauth.exchange(request, self.settings, self.clock.now_ms())
        served = (
            self._serving.get(request, self.clock.now_ms()) if request.method == "GET" else None
        )
        return served or Response(404, {"content-type": "text/html;charset=utf-8"}, b"<h1>404</h1>")

    def deliver_due(self) -> list[Delivery]:
        """The hook deliveries to be sent now; report each with `delivered`."""
        return self.hooks.deliver_due(self.clock.now_ms())

    def delivered(self, delivery_id: str, response: Response | None) -> None:
        """Fill the delivery log; None: no answer came."""
        self.hooks.delivered(delivery_id, response, self.clock.now_ms())

    def _open_api(self, request: Request) -> Response:
        self._requests += 1
        request_id = f"00000000-0000-4000-a000-{self._requests:012d}"
        try:
            return answer(self._called(request), request_id)
        except ApiError as error:
            return failure(error, request_id)

    def _called(self, request: Request) -> dict[str, Any]:
        now_ms, settings = self.clock.now_ms(), self.settings
        given = decode(request.body)
        query = urlsplit(request.url).query
        name = given.pop("Action", parse_qs(query).get("Action", [""])[0] if query else "")
        token = self._tokens.of(_authorization(request), now_ms)
        action = ALL.get(name) if isinstance(name, str) else None
        if action is None:
            raise ApiError("UnsupportedOperation", f"The Action {name} is not known")
        self.calls[action.name] += 1
        self._spend(token, action, now_ms)
        self._permit(token, action)
        values = checked(action, given)
        call = Call(action, self.team, self.hooks, settings, token, values, now_ms)
        return action.handler(call)

    def _spend(self, token: Token, action: Action, now_ms: int) -> None:
        settings = self.settings
        if settings.rate_limits:
            self._rates.spend(
                token.secret,
                action.name,
                settings.rates.get(action.name, action.rate),
                now_ms=now_ms,
                wait_ms=settings.throttle_wait_ms,
                tell=settings.retry_after,
            )

    def _permit(self, token: Token, action: Action) -> None:
        settings = self.settings
        if code := settings.failing.get(action.name):
            raise ApiError(code, f"{action.name} fails here on purpose")
        if action.name in settings.withdrawn:
            raise ApiError("OperationDenied", f"{action.name}: the module was withdrawn")
        if not token.allows(action.scope):
            raise ApiError("UnauthorizedOperation", f"The token lacks {action.scope}")
        if token.project_id and action.team_wide and not settings.project_tokens_see_team:
            raise ApiError("UnauthorizedOperation", "A project token sees only its project")


def _authorization(request: Request) -> str:
    headers = request.headers.items()
    return next((value for name, value in headers if name.lower() == "authorization"), "")
