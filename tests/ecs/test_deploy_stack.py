"""The CloudFormation template: it deploys, and its roles may do exactly what was seen being done.

Seen: ECS and its neighbours by the rig's stand-in, S3 by a proxy in front of SeaweedFS, Glue by one in front of moto,
during real runs. What AWS asks for beside the calls themselves, or what only a fault calls, is named below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import dagster as dg
import pytest
import yaml
from dagster_aws.ecs.container_context import EcsContainerContext

import definitions
from consolidated.night.alerts.channels import Sns, channels_from
from consolidated.tables.definitions import NAMESPACE
from raw.endpoint.declaration import Inventory
from resources.ecs.requests import SUBNETS_VARIABLE
from resources.ecs.sweeper import sweep_own_cluster
from resources.lake.lake import CHECKOUT
from tests.support.counts import count
from tests.support.declared import SMALL
from tests.support.ecs.fixtures import own_rig
from tests.support.ecs.jobs import two_steps
from tests.support.ecs.rig import Rig
from tests.support.ecs.stack import Stack, container_context, names_from_env, variables
from tests.support.ecs.template import TEMPLATE, document
from tests.support.lakes import CATALOG
from tests.support.nights import assert_same_content, night_in
from tests.support.recording_proxy import recording
from tests.support.servers import REGION, S3Server

__all__ = ["own_rig"]

pytestmark = pytest.mark.slow

MAKER = replace(SMALL[0], endpoints=SMALL[0].yielding(Inventory))
NIGHTLY = f"{MAKER.name}_nightly"
SECRET = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:rds!db-1"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:nights"

# AWS asks for these beside RunTask: for the roles of the task, and because the request carries tags
WITH_RUN_TASK = {"iam:PassRole", "ecs:TagResource"}
# called by s3fs where a large upload fails half way
ON_FAILURE = {"s3:AbortMultipartUpload"}
# the launcher reads the log of a coordinator that failed where its task definition has a log group; the rig's has none
OF_A_DEAD_COORDINATOR = {"logs:GetLogEvents"}
# asked by a launcher with dagster-aws's default secrets_tag, as the rig's is; deploy/dagster.yaml has none
OF_THE_RIG_ALONE = {"secretsmanager:ListSecrets"}
# the UI reads what S3ComputeLogManager wrote; the names of its calls are in dagster_aws/s3/compute_log_manager.py
OF_THE_UI = {"s3:GetObject", "s3:ListBucket"}


def statements(role: str) -> list[dict[str, Any]]:
    resources = document()["Resources"]
    policies = list(resources[role]["Properties"]["Policies"])
    policies += [
        one["Properties"]
        for one in resources.values()
        # without what only the cluster of another, Dagster+'s agent, asks for
        if one["Type"] == "AWS::IAM::Policy" and f"!Ref {role}" in one["Properties"]["Roles"] and "Condition" not in one
    ]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def actions(role: str) -> set[str]:
    return {action for statement in statements(role) for action in as_list(statement["Action"])}


def as_list(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    from moto.server import ThreadedMotoServer  # here, since every worker collects this module and one needs moto

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def stack(moto: str) -> Stack:
    session = boto3.Session("test", "test", region_name=REGION)
    names = ("cloudformation", "iam", "ecs", "s3", "glue", "logs", "ec2")
    clients = {name: session.client(name, endpoint_url=moto) for name in names}
    vpc = clients["ec2"].create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    blocks = ("10.0.1.0/24", "10.0.2.0/24")
    subnets = [clients["ec2"].create_subnet(VpcId=vpc, CidrBlock=one)["Subnet"]["SubnetId"] for one in blocks]
    [route_table] = clients["ec2"].describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    given = {
        "VpcId": vpc,
        "SubnetIds": ",".join(subnets),
        "RouteTableIds": route_table["RouteTableId"],
        "InterfaceEndpoints": "yes",
        "CpuArchitecture": "ARM64",
        "RunImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/oem-stock:run",
        "HostImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/oem-stock:host",
        "DatabaseHost": "db.internal",
        "DatabaseSecretArn": SECRET,
        "AlertTopicArn": TOPIC,
    }
    clients["cloudformation"].create_stack(
        StackName="stock",
        TemplateBody=TEMPLATE.read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    [described] = clients["cloudformation"].describe_stacks(StackName="stock")["Stacks"]
    assert described["StackStatus"] == "CREATE_COMPLETE", described
    return Stack(clients, "stock")


def test_cfn_lint_finds_nothing() -> None:
    from cfnlint.api import lint_file  # here, since it imports sympy and networkx, which takes 2 CPU seconds

    assert [str(match) for match in lint_file(TEMPLATE)] == []


def test_the_bucket_is_encrypted_closed_and_swept(stack: Stack) -> None:
    s3, bucket = stack.clients["s3"], stack.ids["Lake"]
    [rule] = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    # moto's CloudFormation leaves these out: read from the template itself, which cfn-lint has checked
    resources = document()["Resources"]
    lake = resources["Lake"]["Properties"]
    closed = lake["PublicAccessBlockConfiguration"]
    assert len(closed) == 4
    assert all(closed.values())
    rules = lake["LifecycleConfiguration"]["Rules"]
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
    assert [rule.get("Prefix") for rule in rules if "ExpirationInDays" in rule] == ["compute-logs/"], "the lake expires"
    assert lake["VersioningConfiguration"] == {"Status": "Enabled"}
    old_versions = [rule["Prefix"] for rule in rules if "NoncurrentVersionExpiration" in rule]
    assert not any("lake/raw/".startswith(prefix) for prefix in old_versions), "an overwritten answer would be lost"
    assert resources["LakePolicy"]["Properties"]["PolicyDocument"]["Statement"][0]["Effect"] == "Deny"
    assert document()["Parameters"]["GlueDatabaseName"]["Default"] == NAMESPACE


def test_the_image_and_the_lake_have_a_way_that_is_not_nat(stack: Stack) -> None:
    made = stack.clients["ec2"].describe_vpc_endpoints()["VpcEndpoints"]
    kinds = {one["ServiceName"].removeprefix(f"com.amazonaws.{REGION}."): one["VpcEndpointType"] for one in made}
    assert kinds == {"s3": "Gateway", "ecr.api": "Interface", "ecr.dkr": "Interface", "logs": "Interface"}
    conditions = {
        name: one["Condition"]
        for name, one in document()["Resources"].items()
        if one["Type"] == "AWS::EC2::VPCEndpoint"
    }
    assert len(conditions) == 4, "a VPC that has them keeps its own"
    [rule] = document()["Resources"]["EndpointSecurityGroup"]["Properties"]["SecurityGroupIngress"]
    assert (rule["FromPort"], rule["SourceSecurityGroupId"]) == (443, "!Ref SecurityGroup")


def test_every_container_has_what_its_instance_reads(stack: Stack) -> None:
    """Each variable that deploy/dagster.yaml or workspace.yaml takes from the environment is there."""
    wanted = names_from_env("dagster.yaml")
    for container in stack.task_definition()["containerDefinitions"]:
        assert wanted | names_from_env("workspace.yaml") <= variables(container), container["name"]
    context = container_context(stack)
    assert wanted <= set(context.get_environment_dict()) | {secret["name"] for secret in context.secrets}


def test_runs_get_what_container_context_says_and_the_lake(stack: Stack) -> None:
    context = container_context(stack)
    own = EcsContainerContext.create_from_config(yaml.safe_load((CHECKOUT / "container_context.yaml").read_text()))
    assert context.run_resources == own.run_resources
    environment = context.get_environment_dict()
    assert own.get_environment_dict().items() <= environment.items()
    bucket = stack.ids["Lake"]
    assert environment["LAKE_URI"] == f"s3://{bucket}/lake"
    assert environment[f"{CATALOG}TYPE"] == "glue"
    assert environment["OEM_APIS"] == "live"
    [sns] = channels_from(environment)
    assert isinstance(sns, Sns)
    assert sns.topic == TOPIC
    assert context.runtime_platform == {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    platform = document()["Resources"]["Dagster"]["Properties"]["RuntimePlatform"]
    assert platform["CpuArchitecture"] == "!Ref CpuArchitecture", "the service runs the same image"
    network = document()["Resources"]["Service"]["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["Subnets"] == "!Ref SubnetIds"
    subnets = {one["SubnetId"] for one in stack.clients["ec2"].describe_subnets()["Subnets"] if not one["DefaultForAz"]}
    assert set(environment[SUBNETS_VARIABLE].split(",")) == subnets, "steps run in all of them"
    assert environment["DAGSTER_RUN_ROLE_ARN"].endswith(stack.ids["RunRole"])
    assert {secret["valueFrom"] for secret in context.secrets} == {f"{SECRET}:username::", f"{SECRET}:password::"}
    [code] = [one for one in stack.task_definition()["containerDefinitions"] if one["name"] == "code"]
    values = {variable["name"]: variable["value"] for variable in code["environment"]}
    # the code server validates run config against its own executor, and names the image of the runs
    for name in ("DAGSTER_EXECUTOR", "NIGHTS_SINCE"):
        assert values[name] == environment[name]
    assert values["DAGSTER_CURRENT_IMAGE"] == code["image"]


def test_no_role_may_do_everything_of_a_service() -> None:
    for role in ("ExecutionRole", "DagsterRole", "RunRole"):
        assert not any("*" in action for action in actions(role))
        for statement in statements(role):
            if statement["Resource"] == "*":
                bounded = "Condition" in statement
                unbounded = {"ec2:DescribeNetworkInterfaces", "ecs:DescribeTaskDefinition",
                             "ecs:RegisterTaskDefinition", "ecr:GetAuthorizationToken"}  # fmt: skip
                assert bounded or set(as_list(statement["Action"])) <= unbounded, statement


def test_the_roles_may_call_of_ecs_exactly_what_the_rig_saw(own_rig: Rig) -> None:
    """A coordinator's calls, then a daemon's: launch, look after, end, and sweep."""
    assert own_rig.execute(dg.reconstructable(two_steps)).success
    by_coordinator = own_rig.server.iam_actions()
    # a coordinator that is told to end stops its steps, and one that replaces another lists the running tasks
    expected_of_runs = without(actions("RunRole"), "s3", "glue")
    assert expected_of_runs == by_coordinator | WITH_RUN_TASK | {"ecs:StopTask", "ecs:ListTasks"}

    first = len(own_rig.server.calls())
    run_id = own_rig.launch(dg.reconstructable(two_steps))
    own_rig.until(lambda: bool(own_rig.steps("first")))
    run = own_rig.instance.get_run_by_id(run_id)
    assert run is not None
    own_rig.instance.run_launcher.check_run_worker_health(run)
    own_rig.terminate(run_id)
    own_rig.wait(run_id)
    own_rig.instance.run_launcher.check_run_worker_health(run)
    sweep_own_cluster(own_rig.instance)
    seen = {call.iam_action for call in own_rig.server.calls()[first:]}
    assert without(actions("DagsterRole"), "s3") == (seen - OF_THE_RIG_ALONE) | WITH_RUN_TASK | OF_A_DEAD_COORDINATOR
    assert "ecs:StopTask" in seen
    assert {action for action in actions("DagsterRole") if action.startswith("s3:")} == OF_THE_UI


def without(named: set[str], *services: str) -> set[str]:
    return {action for action in named if action.split(":")[0] not in services}


def test_a_night_on_glue_is_that_on_a_folder_and_runs_may_call_exactly_what_it_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3: S3Server, moto: str, stack: Stack
) -> None:
    today = datetime.now(UTC).date()
    with night_in(tmp_path / "laptop", monkeypatch, vehicles=60, oems=[MAKER]) as night:
        assert night.run(NIGHTLY, today).success
        on_a_folder = night.content()
    # the template's database, which moto's CloudFormation does not make
    stack.clients["glue"].create_database(DatabaseInput={"Name": NAMESPACE})
    with recording(s3.endpoint) as storage, recording(moto) as catalog:
        lake = s3.new_lake_uri()
        settings = s3.environment() | {
            "AWS_ENDPOINT_URL_S3": storage.endpoint,
            "AWS_ENDPOINT_URL_GLUE": catalog.endpoint,
            f"{CATALOG}TYPE": "glue",
            f"{CATALOG}WAREHOUSE": f"{lake}/iceberg",
        }
        with night_in(tmp_path, monkeypatch, vehicles=60, oems=[MAKER]) as night:
            for name, value in {**settings, "LAKE_URI": lake}.items():
                monkeypatch.setenv(name, value)
            for _ in range(count(1, 2)):  # the second replaces what the first wrote
                assert night.run(NIGHTLY, today).success
            maintained = definitions.build_defs(oems=[MAKER]).resolve_job_def("maintenance").execute_in_process()
            assert maintained.success
            assert_same_content(night.content(), on_a_folder)
        seen = storage.actions | catalog.actions
    allowed = {action for action in actions("RunRole") if action.split(":")[0] in ("s3", "glue")}
    assert allowed == seen | ON_FAILURE
