"""RunTask: one call, what its answer means, how fast it may be called, and how long to wait before the next try."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import ClientError, ParamValidationError
from dagster_aws.ecs.utils import RetryableEcsException, run_ecs_task

# AWS, "Amazon ECS service quotas": Fargate launches 20 tasks a second, and RunTask has the same rate. Less than half
# of that leaves room for the other runs of the account, and for the calls of one second to go out at once.
LAUNCHES_PER_SECOND = 8.0
CALLS_AT_ONCE = 8  # calls of RunTask in flight, each in a thread

# AWS's error codes for throttling
_THROTTLES = frozenset(
    {"ThrottlingException", "Throttling", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded"}
)
# AWS's codes of RunTask after which another try cannot help (API reference, "RunTask", errors; IAM's refusal under two
# names). Every other error is asked again: a refused connection, an expired token, a clock that is wrong pass
_FINAL = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "BlockedException",
        "ClientException",
        "ClusterNotFoundException",
        "InvalidParameterException",
        "PlatformTaskDefinitionIncompatibilityException",
        "PlatformUnknownException",
        "UnsupportedFeatureException",
        "ValidationException",
    }
)
# AWS's reasons in `failures` that name what does not exist or does not fit ("API failure reasons")
_FINAL_REASONS = ("INACTIVE", "MISSING", "ATTRIBUTE", "LOCATION")
# AWS's texts where capacity is missing: in the zone, addresses of the subnet, the account's quota, instances
_CAPACITY = ("Capacity is unavailable", "reached the limit on the number of", "Failure reason: RESOURCE:")


@dataclass(frozen=True, slots=True)
class Refusal:
    """RunTask started no task, or nobody knows whether it did.

    `throttled` and `capacity`: certainly no task, and another try can help. `unknown`: nobody knows; another try has
    to use the same client token. `final`: another try cannot help.
    """

    kind: Literal["throttled", "capacity", "unknown", "final"]
    reason: str


def run_task(ecs: Any, kwargs: Mapping[str, Any]) -> str | Refusal:
    """Call RunTask once, in a thread: the ARN of the task, or why there is none. Raises nothing."""
    try:
        return str(run_ecs_task(ecs, kwargs)["taskArn"])
    except RetryableEcsException as error:
        # dagster-aws raises this for throttling inside an InvalidParameterException and for capacity in `failures`
        return Refusal("throttled" if "Throttling" in str(error) else "capacity", str(error))
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if any(sign in str(error) for sign in _CAPACITY):
            return Refusal("capacity", str(error))
        if code in _THROTTLES:
            return Refusal("throttled", str(error))
        if code == "ConflictException" and error.response.get("resourceIds"):
            # another coordinator of the run has started this attempt, by the same token and a request that differs
            return str(error.response["resourceIds"][0])
        return Refusal("final" if code in _FINAL and status < 500 else "unknown", str(error))
    except ParamValidationError as error:
        return Refusal("final", str(error))
    except Exception as error:
        # dagster-aws raises bare Exceptions for `failures`, whose reason may be a name that AWS does not explain
        said = str(error)
        if any(sign in said for sign in _CAPACITY):
            return Refusal("capacity", said)
        return Refusal("final" if any(f"reason: {reason}" in said for reason in _FINAL_REASONS) else "unknown", said)


def seconds_until_next_try(refusals: int) -> float:
    """Exponential backoff from 2 s to 60 s with jitter, so that calls that were refused together spread out."""
    return float(min(60.0, 2.0 * 2 ** min(refusals, 6)) * random.uniform(0.5, 1.0))  # noqa: S311 no secret


class Pace:
    """A token bucket that holds the calls of one second. `now` is in seconds of a monotonic clock."""

    def __init__(self, now: float, per_second: float = LAUNCHES_PER_SECOND) -> None:
        self._per_second = per_second
        self._tokens, self._at = per_second, now

    def take(self, now: float) -> bool:
        """Whether one more call may go out now; if so, the call is counted."""
        self._tokens = min(self._per_second, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
