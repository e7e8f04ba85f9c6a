"""What AWS refuses, in AWS's words: errors as botocore tells them apart, and the limits of RunTask.

Belongs here: checks of a request's content. Does not belong here: state. The table of sizes is written down a second
time on purpose: the platform's own (`resources.sizing.sizes`) is what is being tested.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

OVERRIDES_CHARACTERS = 8192  # API_RunTask: "A total of 8192 characters are allowed for overrides", JSON included
DESCRIBE_TASKS = 100
TAGS = 50
TAG_KEY_CHARACTERS = 128
TAG_VALUE_CHARACTERS = 256
STRATEGY_ITEMS = 20
FARGATE_STORAGE_GIB = range(21, 201)
FARGATE_MEMORY_MIB: dict[int, Sequence[int]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}


class AwsError(Exception):
    """An error response: `code` is what botocore makes the exception class of."""

    def __init__(self, code: str, message: str, status: int = 400, **members: object) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.members = code, message, status, members


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


THROTTLING = AwsError("ThrottlingException", "Rate exceeded")
# ECS hands on the throttling of the EC2 calls that it makes itself; the wording is of dagster's issue 33439
EC2_THROTTLING = invalid("Error retrieving subnet information for [subnet-0rig]: Rate exceeded (ErrorCode: Throttling)")
ACCESS_DENIED = AwsError(
    "AccessDeniedException",
    "User: arn:aws:sts::123456789012:assumed-role/task/rig is not authorized to perform: ecs:RunTask",
)
SERVER_ERROR = AwsError("ServerException", "Service Unavailable. Please try again later.", 500)
# the call is carried out, and its answer never arrives
LOST_ANSWER = AwsError("InternalFailure", "The request processing has failed because of an unknown error.", 500)
NO_CAPACITY = "Capacity is unavailable at this time. Please try again later or in a different availability zone"


def check_fargate_size(cpu: object, memory: object) -> tuple[int, int]:
    """The pair as numbers: CPU units and MiB."""
    try:
        pair = int(str(cpu)), int(str(memory))
    except ValueError:
        pair = 0, 0
    if pair[1] not in FARGATE_MEMORY_MIB.get(pair[0], ()):
        raise AwsError(
            "ClientException",
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. "
            "See the Amazon ECS documentation for the valid values.",
        )
    return pair


def check_overrides(overrides: Mapping[str, Any]) -> int:
    """The length of the overrides in characters."""
    length = len(json.dumps(overrides, separators=(",", ":"), ensure_ascii=False))
    if length > OVERRIDES_CHARACTERS:
        raise invalid(f"Container Overrides length must be at most {OVERRIDES_CHARACTERS}")
    return length


def check_tags(tags: Sequence[Mapping[str, str]]) -> None:
    if len(tags) > TAGS:
        raise invalid(f"Tags can have a maximum of {TAGS} items.")
    keys = [tag.get("key", "") for tag in tags]
    if len(set(keys)) != len(keys):
        raise invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    for tag in tags:
        key, value = tag.get("key", ""), tag.get("value", "")
        if not 1 <= len(key) <= TAG_KEY_CHARACTERS or key.lower().startswith("aws:"):
            raise invalid(f"Invalid tag key: {key!r}")
        if len(value) > TAG_VALUE_CHARACTERS:
            raise invalid(f"Tag value exceeds the maximum length of {TAG_VALUE_CHARACTERS} characters.")
        for text in (key, value):
            if not all(character.isalnum() or character in " _.:/=+-@" for character in text):
                raise invalid("Some tags contain invalid characters. Valid characters: UTF-8 letters, spaces, "
                              "numbers and _ . / = + - : @.")  # fmt: skip


def check_launch(request: Mapping[str, Any]) -> None:
    """The rules of RunTask between its own parameters."""
    strategy = request.get("capacityProviderStrategy")
    if request.get("launchType") and strategy:
        raise invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."
        )
    if strategy is not None:
        if len(strategy) > STRATEGY_ITEMS:
            raise invalid(f"Capacity provider strategy can have a maximum of {STRATEGY_ITEMS} items.")
        for item in strategy:
            if item.get("capacityProvider") not in ("FARGATE", "FARGATE_SPOT"):
                raise invalid(f"The specified capacity provider '{item.get('capacityProvider')}' was not found.")
    elif request.get("launchType", "FARGATE") != "FARGATE":
        raise invalid("No Container Instances were found in your cluster.")
    if not request.get("networkConfiguration", {}).get("awsvpcConfiguration", {}).get("subnets"):
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    if not 1 <= int(request.get("count", 1)) <= 10:
        raise invalid("count must be between 1 and 10.")
    check_tags(request.get("tags", []))


class Rate:
    """A bucket of `per_second` calls that fills at `per_second` a second."""

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._lock = threading.Lock()
        self._left = per_second
        self._at = time.monotonic()

    def take(self) -> None:
        """Raises THROTTLING where the bucket is empty."""
        with self._lock:
            now = time.monotonic()
            self._left = min(self.per_second, self._left + (now - self._at) * self.per_second)
            self._at = now
            if self._left < 1:
                raise THROTTLING
            self._left -= 1
