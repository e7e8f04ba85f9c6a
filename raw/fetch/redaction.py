"""Credentials taken out of what a host sends back, in whatever form it sends them, and texts of a host cut short.

A host echoes a header in an error, a redirect carries a token on in its query, a debug page shows the request. All of
that is kept in the archive or shown, so each credential is replaced there by the name of its variable. It is replaced
before anything is cut: half of a credential is not found any more.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from resources.failures import printable

LONGEST_SHOWN = 200  # characters of a header's value, a reason or a key, wherever it is shown
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "/": "\\/"}
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_CUT_AT_LEAST = 6  # characters of a credential at the end of a body that was cut; fewer are no secret


@dataclass(frozen=True)
class _Credential:
    value: bytes
    name: bytes
    signs: tuple[tuple[bytes, tuple[bytes, ...]], ...]
    """Of which one stands in every body that holds the credential, by the character that they begin with where that is
    an escape's: looking for them is a hundred times faster than the pattern, and for one character ten times faster
    than for a sign."""
    pattern: re.Pattern[bytes]

    def may_stand_in(self, body: bytes) -> bool:
        return any(escape in body and any(sign in body for sign in signs) for escape, signs in self.signs)


class Redaction:
    """Replaces credentials. values: each credential by its environment variable; printable ASCII. earlier: names and
    values of credentials that are used no more."""

    def __init__(self, values: Mapping[str, str], earlier: Iterable[tuple[str, str]] = ()) -> None:
        # the longest first: a credential may contain another one
        self._credentials = [
            _Credential(value.encode(), f"<{variable}>".encode(), _by_escape(_signs(value)), _pattern(value))
            for variable, value in sorted({*values.items(), *earlier}, key=lambda item: -len(item[1]))
            if value
        ]

    def body(self, body: bytes, *, was_cut: bool = False) -> bytes:
        """The body without credentials. was_cut: it may end within one, whose beginning then goes too."""
        for credential in self._credentials:
            if credential.may_stand_in(body):
                body = credential.pattern.sub(lambda _, name=credential.name: name, body)  # type: ignore[misc]
            if was_cut:
                body = _without_beginning(body, credential)
        return body

    def text(self, text: str) -> str:
        """The text without credentials."""
        return self.body(text.encode(errors="surrogatepass")).decode(errors="replace")

    def shown(self, text: str) -> str:
        """The text of a host as it may be shown: without credentials, then cut."""
        return bounded(self.text(text))


def bounded(text: str) -> str:
    """A text of a host, at most LONGEST_SHOWN characters of it, none of which steers a terminal."""
    text = printable(text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def _pattern(value: str) -> re.Pattern[bytes]:
    """Every form of a credential: each character plain, escaped as in JSON or HTML or percent-encoded once or twice, in
    any mixture, with hexadecimal digits in either case; the whole as base64 and as hexadecimal."""
    plain = "".join(_character(character) for character in value)
    return re.compile("|".join([plain, *_as_base64(value.encode()), _any_case(value.encode().hex())]).encode())


def _signs(value: str) -> tuple[bytes, ...]:
    """Parts of the forms of a credential that are written in few ways: an encoder that escapes only what it has to
    leaves letters and digits alone, an encoder that escapes all escapes these."""
    part = max(re.findall(r"[A-Za-z0-9]+", value) or [value], key=len)
    first = [f"{ord(character):02x}" for character in part[:2]]
    decimals = [str(ord(character)) for character in part[:2]]
    found = [part]
    for code in ("%{}", "%25{}", "\\u00{}", "&#x{};"):
        found += ["".join(code.format(one) for one in first), "".join(code.format(one.upper()) for one in first)]
    found += ["".join(f"&#{one};" for one in decimals), value.encode().hex()[:8], value.encode().hex()[:8].upper()]
    for text in _as_base64(value.encode()):
        found.append(max(re.findall(r"[A-Za-z0-9]+", re.sub(r"\[.*?\]", " ", text)) or [""], key=len))
    return tuple(one.encode() for one in found)


def _by_escape(signs: Iterable[bytes]) -> tuple[tuple[bytes, tuple[bytes, ...]], ...]:
    """Signs without repeats, by the escape that they begin with; empty for those that begin with none."""
    found: dict[bytes, dict[bytes, None]] = {}
    for sign in signs:
        found.setdefault(sign[:1] if sign[:1] in (b"%", b"&", b"\\") else b"", {})[sign] = None
    return tuple((escape, tuple(of_escape)) for escape, of_escape in found.items())


def _character(character: str) -> str:
    code = f"{ord(character):02x}"
    forms = [re.escape(character), f"%(?:25)?{_any_case(code)}", f"\\\\u00{_any_case(code)}", f"&#0*{ord(character)};"]
    forms.append(f"&#[xX]0*{_any_case(code)};")
    if character in _SHORT_ESCAPES:
        forms.append(re.escape(_SHORT_ESCAPES[character]))
    if character in _ENTITIES:
        forms.append(f"&{_ENTITIES[character]};")
    return f"(?:{'|'.join(forms)})"


def _any_case(text: str) -> str:
    return "".join(f"[{one}{one.upper()}]" if one.isalpha() else one for one in text)


def _as_base64(value: bytes) -> list[str]:
    """The value within base64, wherever it begins among the three bytes of a group; only what depends on it alone."""
    found = []
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + value).decode().rstrip("=")
        first = -(-before * 8 // 6)  # the first character without a bit of what stands before
        last = (before + len(value)) * 8 // 6  # the characters without a bit of what follows
        text = encoded[first:last]
        if text:
            found.append("".join({"+": r"[+\-]", "/": r"[/_]"}.get(one, one) for one in text))
    return found


def _without_beginning(body: bytes, credential: _Credential) -> bytes:
    for length in range(len(credential.value) - 1, _CUT_AT_LEAST - 1, -1):
        if body.endswith(credential.value[:length]):
            return body[:-length] + credential.name
    return body
