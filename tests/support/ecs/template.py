"""The CloudFormation template as a document; what its tags such as !Ref stand for stays a text."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from resources.lake.lake import CHECKOUT

TEMPLATE = CHECKOUT / "deploy" / "cloudformation.yaml"


class _Loader(yaml.SafeLoader):
    pass


_Loader.add_multi_constructor("!", lambda loader, suffix, node: f"!{suffix} {node.value}")


@cache
def document() -> dict[str, Any]:
    """Parsed once, so a test must not change it."""
    loaded: dict[str, Any] = yaml.load(TEMPLATE.read_text(), _Loader)  # noqa: S506, safe but for CloudFormation's tags
    return loaded
