"""pyiceberg's REST catalog with a time limit: by itself it waits for ever for a catalog that does not answer.

Imported where a catalog is opened (`resources/lake/catalog.py`), because it imports pyiceberg.
Does not belong here: any other behaviour.
"""

from __future__ import annotations

from typing import Any

from pyiceberg.catalog.rest import RestCatalog
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

_CONNECT_SECONDS = 10
_ANSWER_SECONDS = 60


class TimedRestCatalog(RestCatalog):
    """A request that gets no answer within a minute raises; whether a commit landed is then looked up."""

    def _create_session(self) -> Session:
        session = super()._create_session()
        for scheme in ("http://", "https://"):
            session.mount(scheme, _TimedAdapter())
        return session


class _TimedAdapter(HTTPAdapter):
    def send(self, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        options["timeout"] = options.get("timeout") or (_CONNECT_SECONDS, _ANSWER_SECONDS)
        return super().send(request, *arguments, **options)
