"""Which settings make which channel, and what each channel asks of the library that carries its message."""

from __future__ import annotations

import smtplib
import sys
import urllib.request
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from consolidated.night.alerts.channels import Email, Slack, Sns, channels_from
from consolidated.night.alerts.messages import Message
from resources.failures import Cause, PlatformError

MAIL = {"ALERT_EMAIL_TO": "one@example.org", "ALERT_SMTP": "smtp://host"}
TOPIC = "arn:aws:sns:eu-central-1:123456789012:nights"
MESSAGE = Message("audi needs a person", "Night of 2026-11-03, audi.\n")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The mail server that smtplib connects to. done: what was asked of it, in order."""
    of = SimpleNamespace(done=[], place=None, mail=None)

    def connect(kind: str, host: str, port: int, *, timeout: float, context: Any = None) -> Any:
        assert timeout > 0, "a server that does not answer must not hold the night up"
        of.place = (kind, host, port, context is not None)
        return nullcontext(
            SimpleNamespace(
                starttls=lambda context: of.done.append("tls" if context.check_hostname else "anybody's tls"),
                login=lambda user, password: of.done.append((user, password)),
                send_message=lambda mail: of.done.append(mail["To"]),
            )
        )

    for kind in ("SMTP", "SMTP_SSL"):
        monkeypatch.setattr(smtplib, kind, lambda *place, kind=kind, **how: connect(kind, *place, **how))
    return of


@pytest.mark.parametrize(
    ("address", "place", "done"),
    [
        ("smtp://host", ("SMTP", "host", 25, False), []),
        ("smtp://host:2525", ("SMTP", "host", 2525, False), []),
        ("smtps://night@host", ("SMTP_SSL", "host", 465, True), [("night", "")]),
        ("smtp+starttls://night:p%40ss@host", ("SMTP", "host", 587, False), ["tls", ("night", "p@ss")]),
        ("smtp+starttls://host:25", ("SMTP", "host", 25, False), ["tls"]),
    ],
)
def test_a_mail_server_is_reached_as_its_address_says(
    address: str, place: tuple[str, str, int, bool], done: list[Any], server: SimpleNamespace
) -> None:
    (channel,) = channels_from(MAIL | {"ALERT_SMTP": address})
    channel.send(MESSAGE)
    assert (server.place, server.done) == (place, [*done, "one@example.org"])


def test_mail_comes_from_its_first_recipient_unless_a_sender_is_set() -> None:
    settings = MAIL | {"ALERT_EMAIL_TO": " one@example.org, two@example.org,, "}
    recipients = ("one@example.org", "two@example.org")
    assert channels_from(settings) == [Email("smtp://host", "one@example.org", recipients)]
    for sender, comes_from in (("", "one@example.org"), ("night@example.org", "night@example.org")):
        (channel,) = channels_from(settings | {"ALERT_EMAIL_FROM": sender})
        assert channel == Email("smtp://host", comes_from, recipients)


def test_every_channel_that_is_set_is_on() -> None:
    settings = MAIL | {"ALERT_SLACK_WEBHOOK": "https://hooks.example/T0", "ALERT_SNS_TOPIC": TOPIC}
    found = channels_from(settings)
    assert found[1:] == [Slack("https://hooks.example/T0"), Sns(TOPIC)]
    assert [one.name for one in found] == ["email", "slack", "sns"]
    empty = dict.fromkeys([*settings, "ALERT_EMAIL_FROM"], "")
    assert channels_from(empty) == []
    assert channels_from(empty | {"ALERT_EMAIL_TO": " , "}) == []


@pytest.mark.parametrize("webhook", ["http://127.0.0.1:1/T0", "http://localhost/T0", "https://127.0.0.1/T0"])
def test_a_webhook_without_tls_is_taken_on_this_machine_alone(webhook: str) -> None:
    assert channels_from({"ALERT_SLACK_WEBHOOK": webhook}) == [Slack(webhook)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ALERT_SMTP": ""}, "ALERT_EMAIL_TO and ALERT_SMTP go together"),
        ({"ALERT_EMAIL_TO": " , "}, "ALERT_EMAIL_TO and ALERT_SMTP go together"),
        ({"ALERT_SMTP": "http://host"}, "no address of an SMTP server: smtp, smtps, smtp+starttls://host:port"),
        ({"ALERT_SMTP": "smtp://:25"}, "no address of an SMTP server: smtp, smtps, smtp+starttls://host:port"),
        ({"ALERT_SLACK_WEBHOOK": "http://hooks.example/T0"}, "ALERT_SLACK_WEBHOOK is no https address"),
        ({"ALERT_SNS_TOPIC": TOPIC.removeprefix("arn:") + ":more"}, "ALERT_SNS_TOPIC is no ARN of a topic"),
        ({"ALERT_SNS_TOPIC": TOPIC + ":more"}, "ALERT_SNS_TOPIC is no ARN of a topic"),
        ({"ALERT_SNS_TOPIC": "arn:aws:sns"}, "ALERT_SNS_TOPIC is no ARN of a topic"),
    ],
)
def test_a_setting_that_is_half_right_is_refused(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(PlatformError) as refused:
        channels_from(MAIL | wrong)
    assert refused.value.cause is Cause.CONFIGURATION
    assert said in str(refused.value)
    assert "Correct the setting: docs/alerts.md." in str(refused.value)


def test_a_subject_fits_what_sns_allows_and_the_topics_region_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[dict[str, str]] = []

    def client(service: str, *, region_name: str) -> Any:
        assert (service, region_name) == ("sns", "eu-central-1")
        return SimpleNamespace(publish=lambda **what: published.append(what))

    monkeypatch.setitem(sys.modules, "boto3", SimpleNamespace(client=client))
    Sns(TOPIC).send(Message("für " + "x" * 200, "für 100 €"))
    assert published == [{"TopicArn": TOPIC, "Subject": "f?r " + "x" * 96, "Message": "für 100 €"}]


def test_a_webhook_is_asked_with_an_end_and_its_answer_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[str] = []

    def urlopen(request: urllib.request.Request, *, timeout: float) -> Any:
        assert timeout > 0
        assert (request.full_url, request.get_method()) == ("https://hooks.example/T0", "POST")
        return nullcontext(SimpleNamespace(read=lambda: answers.append("read")))

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    Slack("https://hooks.example/T0").send(MESSAGE)
    assert answers == ["read"]
