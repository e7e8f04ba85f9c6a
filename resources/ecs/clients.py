"""The AWS clients of dagster-aws's launcher and step handler, at the memory that a coordinator has for them.

dagster-aws makes six clients in every coordinator, and botocore keeps the whole model of each service: EC2's is 21 MiB,
for one call that reads the task's own network interface. Here a client is made when it is first asked for something,
and EC2's knows that one call only. Does not belong here: what is asked of AWS.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from functools import cache, cached_property
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.session
import dagster_aws.ecs.executor
import dagster_aws.ecs.launcher
from botocore.loaders import JSONFileLoader, Loader

# the part of botocore's model of EC2 (data/ec2/2016-11-15/service-2) that dagster-aws uses; a test compares the two
EC2_MODEL: dict[str, Any] = {
    "version": "2.0",
    "metadata": {
        "apiVersion": "2016-11-15",
        "endpointPrefix": "ec2",
        "protocol": "ec2",
        "protocols": ["ec2"],
        "serviceAbbreviation": "Amazon EC2",
        "serviceFullName": "Amazon Elastic Compute Cloud",
        "serviceId": "EC2",
        "signatureVersion": "v4",
        "uid": "ec2-2016-11-15",
        "xmlNamespace": "http://ec2.amazonaws.com/doc/2016-11-15",
        "auth": ["aws.auth#sigv4"],
    },
    "operations": {
        "DescribeNetworkInterfaces": {
            "name": "DescribeNetworkInterfaces",
            "http": {"method": "POST", "requestUri": "/"},
            "input": {"shape": "DescribeNetworkInterfacesRequest"},
            "output": {"shape": "DescribeNetworkInterfacesResult"},
        }
    },
    "shapes": {
        "DescribeNetworkInterfacesRequest": {
            "type": "structure",
            "members": {
                "NetworkInterfaceIds": {"shape": "NetworkInterfaceIdList", "locationName": "NetworkInterfaceId"}
            },
        },
        "NetworkInterfaceIdList": {"type": "list", "member": {"shape": "NetworkInterfaceId", "locationName": "item"}},
        "NetworkInterfaceId": {"type": "string"},
        "DescribeNetworkInterfacesResult": {
            "type": "structure",
            "members": {"NetworkInterfaces": {"shape": "NetworkInterfaceList", "locationName": "networkInterfaceSet"}},
        },
        "NetworkInterfaceList": {"type": "list", "member": {"shape": "NetworkInterface", "locationName": "item"}},
        "NetworkInterface": {
            "type": "structure",
            "members": {
                "Association": {"shape": "NetworkInterfaceAssociation", "locationName": "association"},
                "Groups": {"shape": "GroupIdentifierList", "locationName": "groupSet"},
            },
        },
        "NetworkInterfaceAssociation": {
            "type": "structure",
            "members": {"PublicIp": {"shape": "String", "locationName": "publicIp"}},
        },
        "GroupIdentifierList": {"type": "list", "member": {"shape": "GroupIdentifier", "locationName": "item"}},
        "GroupIdentifier": {
            "type": "structure",
            "members": {"GroupId": {"shape": "String", "locationName": "groupId"}},
        },
        "String": {"type": "string"},
    },
}


class _FilesWithoutDocumentation(JSONFileLoader):  # type: ignore[misc]  # botocore has no types
    """botocore's data files, without the prose that makes up most of a service's model; each is read once."""

    @cache  # noqa: B019 - there is one of it, for the life of the process
    def load_file(self, file_path: str) -> Any:
        for extension, opened in ((".json", open), (".json.gz", gzip.open)):
            try:
                with opened(f"{file_path}{extension}", "rt", encoding="utf-8") as file:
                    text = file.read()
            except FileNotFoundError:
                continue
            return json.loads(text, object_pairs_hook=_without_documentation)
        return None


def _without_documentation(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # a member of that name is an object, not a text
    return {key: value for key, value in pairs if key != "documentation" or not isinstance(value, str)}


class _Ec2Loader(Loader):  # type: ignore[misc]
    """botocore's loader, to which EC2's model is `EC2_MODEL`."""

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        if (service_name, type_name) == ("ec2", "service-2"):
            return EC2_MODEL
        return super().load_service_model(service_name, type_name, api_version)


_FILES = _FilesWithoutDocumentation()


def _botocore_session(loader: Loader) -> botocore.session.Session:
    session = botocore.session.get_session()
    session.register_component("data_loader", loader)
    return session


class NetworkInterface:
    """What dagster-aws reads of `boto3.resource("ec2").NetworkInterface`. Raises botocore's errors."""

    def __init__(self, client: Any, interface_id: str) -> None:
        (found,) = client.describe_network_interfaces(NetworkInterfaceIds=[interface_id])["NetworkInterfaces"]
        self.association_attribute: dict[str, str] | None = found.get("Association")
        self.groups: list[dict[str, str]] = found["Groups"]


class Ec2:
    """What dagster-aws uses of `boto3.resource("ec2")`."""

    def __init__(self) -> None:
        self._client = _botocore_session(_Ec2Loader(file_loader=_FILES)).create_client("ec2")

    def NetworkInterface(self, id: str) -> NetworkInterface:  # noqa: N802 - boto3's names
        return NetworkInterface(self._client, id)


class Deferred:
    """A client or resource of boto3 that is made when something is first asked of it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Any:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


def client(service: str, **settings: Any) -> Any:
    """boto3's client of a service, made when first used, by the process's default session."""
    return Deferred(lambda: _default_session().client(service, **settings))


def resource(service: str) -> Any:
    """boto3's resource of a service, made when first used; of EC2 what dagster-aws uses."""
    return Deferred(Ec2 if service == "ec2" else lambda: _default_session().resource(service))


def _default_session() -> boto3.Session:
    if boto3.DEFAULT_SESSION is None:  # one that is there already has its models in memory
        boto3.setup_default_session(botocore_session=_botocore_session(Loader(file_loader=_FILES)))
    return boto3.DEFAULT_SESSION


def make_clients_when_used() -> None:
    """Let dagster-aws's ECS modules make their clients by `client` and `resource`.

    They have no seam for it: their name `boto3` is replaced, in these two modules alone. A launcher that is there
    already (its daemon's, Dagster+'s agent's) keeps what it has.
    """
    _default_session()  # before the compute log manager's S3 client makes it
    for module in (dagster_aws.ecs.executor, dagster_aws.ecs.launcher):
        module.boto3 = SimpleNamespace(client=client, resource=resource)  # type: ignore[attr-defined]
