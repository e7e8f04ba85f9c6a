"""The ways by which a message goes out: e-mail, a Slack webhook, Amazon SNS. Each is on where its settings are there.

ALERT_EMAIL_TO        addresses, with commas between them
ALERT_EMAIL_FROM      the sender; the first recipient where it is unset
ALERT_SMTP            smtp://host:25, smtps://user:password@host:465, smtp+starttls://user:password@host:587
ALERT_SLACK_WEBHOOK   the address of an incoming webhook
ALERT_SNS_TOPIC       the topic's ARN; credentials as for the lake
"""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from resources.failures import Cause, PlatformError

if TYPE_CHECKING:
    from consolidated.night.alerts.messages import Message

_TIMEOUT_SECONDS = 20
_SNS_SUBJECT_CHARACTERS = 100
_SMTP_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class Channel(ABC):
    """One way out. name: as messages of errors and the kept state name it."""

    name: str

    @abstractmethod
    def send(self, message: Message) -> None:
        """Raises OSError, or what the protocol's library raises, where the message was not taken."""


@dataclass(frozen=True)
class Email(Channel):
    """url: of the SMTP server, with user and password in it where it wants them."""

    url: str
    sender: str
    recipients: tuple[str, ...]
    name = "email"

    def send(self, message: Message) -> None:
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = message.subject, self.sender, ", ".join(self.recipients)
        mail.set_content(message.text)
        place = urlsplit(self.url)
        host, port = place.hostname or "", place.port or _SMTP_PORTS[place.scheme]
        trusted = ssl.create_default_context()  # smtplib's own checks no certificate
        with (
            smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_SECONDS, context=trusted)
            if place.scheme == "smtps"
            else smtplib.SMTP(host, port, timeout=_TIMEOUT_SECONDS)
        ) as server:
            if place.scheme == "smtp+starttls":
                server.starttls(context=trusted)
            if place.username:
                server.login(unquote(place.username), unquote(place.password or ""))
            server.send_message(mail)


@dataclass(frozen=True)
class Slack(Channel):
    """webhook: its address, which is a secret."""

    webhook: str
    name = "slack"

    def send(self, message: Message) -> None:
        # what a maker's host said is quoted, not read as Slack's markup
        quoted = message.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").strip()
        body = json.dumps({"text": f"*{message.subject}*\n{quoted}"}).encode()
        request = urllib.request.Request(  # noqa: S310 - https or loopback, checked by `channels_from`
            self.webhook, body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            answer.read()


@dataclass(frozen=True)
class Sns(Channel):
    """topic: its ARN."""

    topic: str
    name = "sns"

    def send(self, message: Message) -> None:
        import boto3

        client = boto3.client("sns", region_name=self.topic.split(":")[3])
        subject = message.subject.encode("ascii", "replace").decode()[:_SNS_SUBJECT_CHARACTERS]
        client.publish(TopicArn=self.topic, Subject=subject, Message=message.text)


def channels_from(environment: Mapping[str, str]) -> list[Channel]:
    """The channels that are configured; none by default.

    Raises PlatformError(CONFIGURATION), which names the variable, where a setting is wrong or half there. No value
    is quoted, since it may hold a secret.
    """
    found: list[Channel] = []
    recipients = tuple(one.strip() for one in environment.get("ALERT_EMAIL_TO", "").split(",") if one.strip())
    server = environment.get("ALERT_SMTP", "")
    if recipients or server:
        if not recipients or not server:
            raise _wrong("ALERT_EMAIL_TO and ALERT_SMTP go together")
        place = urlsplit(server)
        if place.scheme not in _SMTP_PORTS or not place.hostname:
            raise _wrong(f"ALERT_SMTP is no address of an SMTP server: {', '.join(_SMTP_PORTS)}://host:port")
        found.append(Email(server, environment.get("ALERT_EMAIL_FROM") or recipients[0], recipients))
    if webhook := environment.get("ALERT_SLACK_WEBHOOK"):
        place = urlsplit(webhook)
        if place.scheme != "https" and place.hostname not in ("127.0.0.1", "localhost"):
            raise _wrong("ALERT_SLACK_WEBHOOK is no https address")
        found.append(Slack(webhook))
    if topic := environment.get("ALERT_SNS_TOPIC"):
        if len(topic.split(":")) != 6 or not topic.startswith("arn:"):
            raise _wrong("ALERT_SNS_TOPIC is no ARN of a topic")
        found.append(Sns(topic))
    return found


def _wrong(detail: str) -> PlatformError:
    return PlatformError(Cause.CONFIGURATION, detail, advice="Correct the setting: docs/alerts.md.")
