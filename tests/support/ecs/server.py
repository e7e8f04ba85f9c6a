"""The AWS endpoint on loopback: ECS's JSON 1.1, the few other calls that dagster-aws makes, and the task metadata.

Belongs here: HTTP, the two protocols, the record of every call. Does not belong here: what a call does (`cluster`).
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from tests.support.ecs.cluster import Cluster
from tests.support.ecs.limits import LOST_ANSWER, SERVER_ERROR, AwsError, Rate
from tests.support.ecs.tasks import ACCOUNT, SECURITY_GROUP, SUBNET

# X-Amz-Target's prefix -> the service's name in an IAM policy
_TARGETS = {
    "AmazonEC2ContainerServiceV20141113": "ecs",
    "secretsmanager": "secretsmanager",
    "Logs_20140328": "logs",
    "ResourceGroupsTaggingAPI_20170126": "tag",
}
ENDPOINT_VARIABLES = ("ECS", "EC2", "STS", "SECRETS_MANAGER", "CLOUDWATCH_LOGS", "RESOURCE_GROUPS_TAGGING_API")


@dataclass(frozen=True)
class Call:
    """A call as it came: `request` is its body parsed, `wire_bytes` the body's length, `at` time.monotonic()."""

    service: str
    action: str
    request: Mapping[str, Any]
    wire_bytes: int
    at: float
    error: str | None

    @property
    def iam_action(self) -> str:
        return f"{self.service}:{self.action}"


class Server:
    """Serves until `close`. `rate`: how many calls a second of each action are let through; None: all."""

    def __init__(self, cluster: Cluster, rate: float | None = None) -> None:
        self.cluster = cluster
        self._calls: list[Call] = []
        self._lock = threading.Lock()
        self._rate = rate
        self._rates: dict[str, Rate] = {}
        server = self

        class Handler(_Handler):
            owner = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._http.server_address[1]}"
        cluster.endpoint = self.endpoint
        threading.Thread(target=self._http.serve_forever, daemon=True, name="aws endpoint").start()

    def calls(self, action: str | None = None) -> list[Call]:
        with self._lock:
            return [call for call in self._calls if action in (None, call.action)]

    def iam_actions(self) -> set[str]:
        """Every action that was called, as a policy names it (`ecs:RunTask`)."""
        return {call.iam_action for call in self.calls()}

    def forget(self) -> None:
        """Drop the record of the calls."""
        with self._lock:
            self._calls.clear()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, service: str, action: str, request: Mapping[str, Any], wire_bytes: int) -> dict[str, Any] | str:
        """A JSON document, or XML for the query protocols. Raises AwsError."""
        at, error = time.monotonic(), None
        try:
            if self._rate is not None:
                with self._lock:
                    rate = self._rates.setdefault(action, Rate(self._rate))
                rate.take()
            fault = self.cluster.faults.for_call(action, request)
            if fault is LOST_ANSWER:
                self._act(service, action, request)
            if isinstance(fault, AwsError):
                raise fault
            if isinstance(fault, str):
                error = fault
                return {"tasks": [], "failures": [{"reason": fault}]}
            return self._act(service, action, request)
        except AwsError as refusal:
            error = refusal.code
            raise
        finally:
            with self._lock:
                self._calls.append(Call(service, action, request, wire_bytes, at, error))

    def _act(self, service: str, action: str, request: Mapping[str, Any]) -> dict[str, Any] | str:
        if service == "ecs":
            name = re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()
            act: Callable[[Mapping[str, Any]], dict[str, Any]] | None = getattr(self.cluster, name, None)
            if act is not None and name in _ECS_ACTIONS:
                return act(request)
        elif (service, action) == ("ec2", "DescribeNetworkInterfaces"):
            return _network_interfaces(request)
        elif (service, action) == ("sts", "GetCallerIdentity"):
            return _caller_identity()
        elif (service, action) == ("secretsmanager", "ListSecrets"):
            return {"SecretList": []}
        elif (service, action) == ("logs", "GetLogEvents"):
            return self._log_events(request)
        elif (service, action) == ("tag", "GetResources"):
            return self._tagged(request)
        raise AwsError("InvalidAction", f"the stand-in has no {service}:{action}")

    def _log_events(self, request: Mapping[str, Any]) -> dict[str, Any]:
        task = self.cluster.tasks.get(str(request["logStreamName"]).rpartition("/")[2])
        if task is None:
            raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
        lines = task.output().splitlines()[-int(request.get("limit", 10_000)) :]
        return {"events": [{"timestamp": 0, "ingestionTime": 0, "message": line} for line in lines]}

    def _tagged(self, request: Mapping[str, Any]) -> dict[str, Any]:
        wanted = {item["Key"]: item.get("Values", []) for item in request.get("TagFilters", [])}
        found = [
            {"ResourceARN": task.arn, "Tags": [{"Key": key, "Value": value} for key, value in task.tags.items()]}
            for task in self.cluster.running()
            if all(key in task.tags and (not values or task.tags[key] in values) for key, values in wanted.items())
        ]
        return {"ResourceTagMappingList": found, "PaginationToken": ""}


_ECS_ACTIONS = {
    "register_task_definition", "describe_task_definition", "run_task", "describe_tasks", "list_tasks", "stop_task",
    "tag_resource", "untag_resource", "list_tags_for_resource",
}  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: Server

    def log_message(self, format: str, *arguments: object) -> None:
        return

    def do_GET(self) -> None:
        _, version, name, *rest = (*self.path.split("/"), "", "")
        task = self.owner.cluster.tasks.get(name)
        if version not in ("v3", "v4") or task is None:
            self._send(404, "application/json", b'"not found"')
            return
        document = task.metadata() if rest[0] == "task" else task.container_metadata()
        self._send(200, "application/json", json.dumps(document).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = self.headers.get("X-Amz-Target")
        if target is None:
            self._query(body)
        else:
            self._json(target, body)

    def _json(self, target: str, body: bytes) -> None:
        prefix, _, action = target.partition(".")
        kind = "application/x-amz-json-1.1"
        try:
            answer = self.owner.answer(_TARGETS.get(prefix, prefix), action, json.loads(body or b"{}"), len(body))
            self._send(200, kind, json.dumps(answer).encode())
        except AwsError as error:
            document = {"__type": error.code, "message": error.message, **error.members}
            self._send(error.status, kind, json.dumps(document).encode(), error.code)
        except Exception as error:  # the stand-in's own fault: said, not hidden
            document = {"__type": SERVER_ERROR.code, "message": f"the stand-in failed: {error!r}"}
            self._send(500, kind, json.dumps(document).encode(), SERVER_ERROR.code)

    def _query(self, body: bytes) -> None:
        request = dict(parse_qsl(body.decode()))
        # EC2 and STS say in the signature only who they are
        scope = re.search(r"Credential=[^,]*/([a-z0-9-]+)/aws4_request", self.headers.get("Authorization", ""))
        service = scope.group(1) if scope else "unknown"
        try:
            answer = self.owner.answer(service, request.get("Action", ""), request, len(body))
            self._send(200, "text/xml", str(answer).encode())
        except AwsError as error:
            inner = f"<Error><Code>{error.code}</Code><Message>{error.message}</Message></Error>"
            document = f"<Response><Errors>{inner}</Errors><RequestID>{uuid.uuid4()}</RequestID></Response>"
            self._send(error.status, "text/xml", document.encode())

    def _send(self, status: int, kind: str, body: bytes, error: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        if error is not None:
            self.send_header("x-amzn-ErrorType", error)
        self.end_headers()
        self.wfile.write(body)


def _network_interfaces(request: Mapping[str, Any]) -> str:
    names = [value for key, value in request.items() if key.startswith("NetworkInterfaceId.")]
    items = "".join(
        f"<item><networkInterfaceId>{name}</networkInterfaceId><subnetId>{SUBNET}</subnetId>"
        f"<groupSet><item><groupId>{SECURITY_GROUP}</groupId><groupName>rig</groupName></item></groupSet></item>"
        for name in names
    )
    return (
        '<DescribeNetworkInterfacesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>{uuid.uuid4()}</requestId><networkInterfaceSet>{items}</networkInterfaceSet>"
        "</DescribeNetworkInterfacesResponse>"
    )


def _caller_identity() -> str:
    return (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        f"<Arn>arn:aws:sts::{ACCOUNT}:assumed-role/task/rig</Arn><UserId>rig</UserId><Account>{ACCOUNT}</Account>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
