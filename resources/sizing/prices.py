"""What an ECS task on Fargate costs.

Belongs here: the price table, and dollars of a size, a time and a storage. Does not belong here: how long anything ran,
and prices of anything but Fargate's vCPU, memory and storage (addresses, logs, transfer, S3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from resources.sizing.sizes import Size

Architecture = Literal["x86_64", "arm64"]

PRICES_AS_OF = "2026-06"
DEFAULT_REGION = "us-east-1"
MINIMUM_SECONDS = 60.0  # Fargate bills by the second from the start of the image pull, a minute at the least
FREE_STORAGE_GIB = 20  # of every task


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars of an hour, Linux, on demand. Storage: of each GB above 20, the same on both architectures."""

    vcpu_hour_usd: float
    gb_hour_usd: float
    arm_vcpu_hour_usd: float
    arm_gb_hour_usd: float
    storage_gb_hour_usd: float


# AWS, "AWS Fargate Pricing", as quoted publicly in the month above; a region that is missing is one line more.
# us-east-1 was found quoted in full; Frankfurt's ARM is four fifths of its x86, as everywhere, and its storage is taken
# in the proportion of its memory
PRICES: dict[str, Price] = {
    "us-east-1": Price(0.04048, 0.004445, 0.03238, 0.00356, 0.000111),
    "eu-central-1": Price(0.04656, 0.00511, 0.03725, 0.00409, 0.000128),
}

# Spot's price floats; AWS states "up to 70 %" off, so this is the least that a task on it costs
SPOT_SHARE = 0.3


def price_region(region: str | None) -> str:
    """The region whose prices are taken: `region`, or us-east-1 where the table does not have it."""
    return region if region in PRICES else DEFAULT_REGION


def task_cost_usd(
    size: Size,
    seconds: float,
    region: str | None,
    *,
    spot: bool = False,
    architecture: Architecture = "x86_64",
    storage_gib: float = FREE_STORAGE_GIB,
) -> float:
    """Dollars of one task of `size` that is billed for `seconds`, at least a minute of them.

    With `spot` the result is a lower bound, because Spot's discount is stated as a maximum.
    """
    price = PRICES[price_region(region)]
    is_arm = architecture == "arm64"
    hourly = size.cpu / 1024 * (price.arm_vcpu_hour_usd if is_arm else price.vcpu_hour_usd)
    hourly += size.memory_mb / 1024 * (price.arm_gb_hour_usd if is_arm else price.gb_hour_usd)
    hourly *= SPOT_SHARE if spot else 1.0
    hourly += max(0.0, storage_gib - FREE_STORAGE_GIB) * price.storage_gb_hour_usd
    return hourly * max(seconds, MINIMUM_SECONDS) / 3600
