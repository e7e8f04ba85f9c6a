"""Each way by which an alert goes out, against a server of its protocol: the message as a person sees it."""

from __future__ import annotations

import email
import email.policy
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from consolidated.night.alerts.channels import Channel, Slack, channels_from
from consolidated.night.alerts.messages import Message, State, Told
from consolidated.night.alerts.sending import FILE, deliver, read_state
from resources.failures import Cause, PlatformError
from resources.lake.lake import Lake, lake_at
from tests.support.servers import free_ports

MESSAGE = Message(
    "[oem-stock] audi needs a person: blocked, since 2026-11-03",
    "Night of 2026-11-03, audi.\n\nNOT WHOLE audi es inventory, since 2026-11-03\nwas <b>&</b> für 100 €\n",
)
SLACK_SECRET = "/services/T0/B0/secret"


class _Mailbox:
    """What aiosmtpd hands its mail to."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(envelope)
        return "250 OK"


@contextmanager
def smtp(**settings: Any) -> Iterator[tuple[_Mailbox, int]]:
    mailbox = _Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_ports(1)[0], **settings)
    controller.start()
    try:
        yield mailbox, controller.port
    finally:
        controller.stop()


@contextmanager
def webhook(status: int = 200) -> Iterator[tuple[list[dict[str, Any]], str]]:
    """What a Slack webhook was sent, and its address."""
    taken: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append({"path": self.path, "type": self.headers["Content-Type"], **json.loads(body)})
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield taken, f"http://127.0.0.1:{server.server_port}{SLACK_SECRET}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # over TLS or not is what is tested
@pytest.mark.parametrize("scheme", ["smtp", "smtp+starttls", "smtps"])
def test_an_e_mail_as_a_person_reads_it(scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    tls = {"smtps": {"ssl_context": context}, "smtp+starttls": {"tls_context": context}}.get(scheme, {})
    tried: list[tuple[bytes, bytes]] = []

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        tried.append((data.login, data.password))
        return AuthResult(success=True)

    with smtp(authenticator=authenticate, auth_required=True, auth_require_tls=False, **tls) as (mailbox, port):
        settings = {
            "ALERT_EMAIL_TO": "one@example.org, two@example.org",
            "ALERT_EMAIL_FROM": "stock@example.org",
            "ALERT_SMTP": f"{scheme}://night:p%40ss@127.0.0.1:{port}",
        }
        (channel,) = channels_from(settings)
        channel.send(MESSAGE)
    (mail,) = mailbox.mails
    read = email.message_from_bytes(mail.content, policy=email.policy.default)
    assert (read["Subject"], read["From"], read["To"]) == (
        MESSAGE.subject,
        "stock@example.org",
        "one@example.org, two@example.org",
    )
    assert mail.rcpt_tos == ["one@example.org", "two@example.org"]
    assert read.get_content().replace("\r\n", "\n") == MESSAGE.text
    assert tried == [(b"night", b"p@ss")]


def test_a_slack_message_as_a_person_reads_it() -> None:
    with webhook() as (taken, address):
        (channel,) = channels_from({"ALERT_SLACK_WEBHOOK": address})
        channel.send(MESSAGE)
    (sent,) = taken
    assert (sent["path"], sent["type"]) == (SLACK_SECRET, "application/json")
    assert sent["text"] == (
        "*[oem-stock] audi needs a person: blocked, since 2026-11-03*\n"
        "Night of 2026-11-03, audi.\n\nNOT WHOLE audi es inventory, since 2026-11-03\n"
        "was &lt;b&gt;&amp;&lt;/b&gt; für 100 €"
    )


@pytest.mark.slow
def test_an_sns_message_as_its_subscriber_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.delenv("AWS_REGION", raising=False)
        region = "eu-central-1"
        topic = boto3.client("sns", region).create_topic(Name="nights")["TopicArn"]
        queue = boto3.client("sqs", region).create_queue(QueueName="reader")["QueueUrl"]
        arn = boto3.client("sqs", region).get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        boto3.client("sns", region).subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
        (channel,) = channels_from({"ALERT_SNS_TOPIC": topic})
        channel.send(Message(MESSAGE.subject + " für" + "x" * 100, MESSAGE.text))
        (got,) = boto3.client("sqs", region).receive_message(QueueUrl=queue)["Messages"]
        read = json.loads(got["Body"])
        assert read["Message"] == MESSAGE.text
        assert read["Subject"].startswith(f"{MESSAGE.subject} f?rxx")
        assert len(read["Subject"]) == 100
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"ALERT_EMAIL_TO": "one@example.org"}, "ALERT_EMAIL_TO and ALERT_SMTP go together"),
        ({"ALERT_SMTP": "smtp://user:secret@host"}, "ALERT_EMAIL_TO and ALERT_SMTP go together"),
        ({"ALERT_SMTP": "secret", "ALERT_EMAIL_TO": "one@example.org"}, "ALERT_SMTP is no address"),
        ({"ALERT_SLACK_WEBHOOK": "http://example.org/secret"}, "ALERT_SLACK_WEBHOOK is no https address"),
        ({"ALERT_SNS_TOPIC": "secret"}, "ALERT_SNS_TOPIC is no ARN"),
    ],
)
def test_a_wrong_setting_is_named_and_not_quoted(settings: dict[str, str], said: str) -> None:
    with pytest.raises(PlatformError) as failure:
        channels_from(settings)
    assert failure.value.cause is Cause.CONFIGURATION
    assert said in str(failure.value)
    assert "secret" not in str(failure.value)


def test_silent_by_default() -> None:
    assert channels_from({}) == []


class _Taken(Channel):
    name = "taken"

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def send(self, message: Message) -> None:
        self.messages.append(message)


STATE = State(
    date(2026, 11, 3),
    None,
    {"audi": Told(date(2026, 11, 3), {("NOT WHOLE", "audi es inventory", "blocked"): date(2026, 11, 2)})},
)


@pytest.mark.slow
def test_what_a_channel_did_not_take_goes_out_with_the_next_call_and_no_other_has_it_twice(tmp_path: Path) -> None:
    lake: Lake = lake_at(str(tmp_path / "lake"))
    other = _Taken()
    first, second = MESSAGE, Message("later", "later")
    with webhook(500) as (_, address), pytest.raises(PlatformError) as failure:
        deliver(lake, [Slack(address), other], [first], STATE, {})
    assert "alerts were not taken by slack (HTTPError)" in str(failure.value)
    assert "secret" not in str(failure.value)
    assert failure.value.policy.retry
    state, waiting = read_state(lake)
    assert (state, waiting) == (STATE, {"slack": [first]})
    with webhook() as (taken, address):
        deliver(lake, [Slack(address), other], [second], state, waiting)
    assert [one["text"].splitlines()[0] for one in taken] == [f"*{first.subject}*", "*later*"]
    assert other.messages == [first, second]
    assert read_state(lake) == (STATE, {})
    lake.write_atomic(FILE, b"{")
    with pytest.raises(PlatformError, match="lake_damaged"):
        read_state(lake)
