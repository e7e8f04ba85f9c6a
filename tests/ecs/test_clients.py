"""The clients that dagster-aws is handed say and hear what boto3's own would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import dagster_aws.ecs.executor
import dagster_aws.ecs.launcher
import pytest
from botocore.loaders import JSONFileLoader, Loader

from resources.ecs.clients import _FILES, EC2_MODEL, Deferred, _without_documentation, client, resource
from tests.support.ecs.fixtures import rig, zygote
from tests.support.ecs.rig import Rig

__all__ = ["rig", "zygote"]


def undocumented(value: Any) -> Any:
    if isinstance(value, list):
        return [undocumented(one) for one in value]
    if isinstance(value, dict):
        return _without_documentation([(key, undocumented(one)) for key, one in value.items()])
    return value


def cut_to(value: Any, pattern: Any) -> Any:
    """What `value` has of the keys that `pattern` has."""
    return {key: cut_to(value[key], pattern[key]) for key in pattern} if isinstance(pattern, dict) else value


def test_the_model_of_ec2_is_a_part_of_botocores() -> None:
    whole = undocumented(Loader().load_service_model("ec2", "service-2"))
    assert cut_to(whole, EC2_MODEL) == EC2_MODEL
    # at the depth where the rest hangs, nothing is left out: types, places on the wire, authentication
    assert whole["metadata"] == EC2_MODEL["metadata"]
    assert whole["operations"]["DescribeNetworkInterfaces"] == EC2_MODEL["operations"]["DescribeNetworkInterfaces"]
    for name, shape in EC2_MODEL["shapes"].items():
        assert {key: value for key, value in whole["shapes"][name].items() if key != "members"} == {
            key: value for key, value in shape.items() if key != "members"
        }


@pytest.mark.parametrize("service", ["ecs", "s3", "logs", "secretsmanager"])
def test_a_model_without_prose_is_otherwise_the_model(service: str) -> None:
    with_prose = Loader().load_service_model(service, "service-2")
    without = Loader(file_loader=_FILES).load_service_model(service, "service-2")
    assert without == undocumented(with_prose)
    assert without != with_prose


def test_a_member_of_the_name_documentation_stays() -> None:
    member = {"shape": "String"}
    assert _without_documentation([("documentation", "<p>prose</p>"), ("type", "string")]) == {"type": "string"}
    assert _without_documentation([("documentation", member)]) == {"documentation": member}


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert _FILES.load_file(str(tmp_path / "none")) is JSONFileLoader().load_file(str(tmp_path / "none")) is None


def test_nothing_is_made_before_it_is_used() -> None:
    made: list[str] = []

    def make() -> str:
        made.append("once")
        return "text"

    deferred = Deferred(make)
    assert made == []
    assert (deferred.upper(), deferred.title(), made) == ("TEXT", "Text", ["once"])


@pytest.mark.slow
def test_the_network_interface_is_the_one_that_boto3_reads(rig: Rig) -> None:
    import resources.ecs.ecs_executor  # noqa: F401 - it is what hands dagster-aws these clients

    theirs = boto3.resource("ec2").NetworkInterface("eni-1")
    groups = [group["GroupId"] for group in theirs.groups]
    asked_by_boto3 = [call.request for call in rig.server.calls()]
    ours = resource("ec2").NetworkInterface("eni-1")
    assert [group["GroupId"] for group in ours.groups] == groups != []
    assert ours.association_attribute == theirs.association_attribute
    assert [call.request for call in rig.server.calls()] == asked_by_boto3 * 2
    for module in (dagster_aws.ecs.executor, dagster_aws.ecs.launcher):
        assert module.boto3.client is client
    launcher = rig.instance.run_launcher
    assert isinstance(launcher, dagster_aws.ecs.launcher.EcsRunLauncher)
    assert isinstance(launcher.ec2, Deferred)
