"""What an ECS task on Fargate costs.

Belongs here: the price table, and dollars of a size and a time. Does not belong here: how long anything ran, and
prices of anything but Fargate's vCPU and memory (ephemeral storage above 20 GB, addresses, logs, transfer, S3).
"""

from __future__ import annotations

from dataclasses import dataclass

from resources.sizing.sizes import Size

PRICES_AS_OF = "2026-06"
DEFAULT_REGION = "us-east-1"
MINIMUM_SECONDS = 60.0  # Fargate bills by the second from the start of the image pull, a minute at the least


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars of an hour, Linux on x86, on demand."""

    vcpu_hour_usd: float
    gb_hour_usd: float


# AWS, "AWS Fargate Pricing", as quoted publicly in the month above; a region that is missing is one line more
PRICES: dict[str, Price] = {
    "us-east-1": Price(0.04048, 0.004445),
    "eu-central-1": Price(0.04656, 0.00511),
}

# Spot's price floats; AWS states "up to 70 %" off, so this is the least that a task on it costs
SPOT_SHARE = 0.3


def price_region(region: str | None) -> str:
    """The region whose prices are taken: `region`, or us-east-1 where the table does not have it."""
    return region if region in PRICES else DEFAULT_REGION


def task_cost_usd(size: Size, seconds: float, region: str | None, *, spot: bool = False) -> float:
    """Dollars of one task of `size` that is billed for `seconds`, at least a minute of them.

    With `spot` the result is a lower bound, because Spot's discount is stated as a maximum.
    """
    price = PRICES[price_region(region)]
    hourly = size.cpu / 1024 * price.vcpu_hour_usd + size.memory_mb / 1024 * price.gb_hour_usd
    return hourly * max(seconds, MINIMUM_SECONDS) / 3600 * (SPOT_SHARE if spot else 1.0)
