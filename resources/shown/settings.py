"""The settings that an operator makes by environment variables: what each means, and what holds where it is unset.

`docs/settings.md` is made of this list, and a test searches the code for variables that are missing here. The makers'
credentials do not belong here: their declarations name those (`secret("...")`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """An environment variable. unset: what holds without it."""

    variable: str
    meaning: str
    unset: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one subject, in the order in which somebody meets them."""

    subject: str
    settings: tuple[Setting, ...]


SETTINGS = (
    Settings(
        "The lake",
        (
            Setting(
                "LAKE_URI",
                "Where raw, transformed and the tables' stamp lie: a folder or an fsspec URL "
                "such as `s3://bucket/lake`.",
                "`lake/` in the checkout",
            ),
            Setting(
                "PYICEBERG_CATALOG__LAKE__*",
                "pyiceberg's settings of the catalog `lake`: `TYPE` (rest, glue or "
                "sql), `URI`, `WAREHOUSE`, `CREDENTIAL`, `TOKEN`.",
                "a SQLite file in the lake's folder",
            ),
            Setting(
                "AWS_ACCESS_KEY_ID",
                "The key for S3; with `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.",
                "the role of the task, or `AWS_PROFILE`",
            ),
            Setting("AWS_SECRET_ACCESS_KEY", "The key's secret.", "as above"),
            Setting("AWS_SESSION_TOKEN", "The token of a temporary key.", "none"),
            Setting("AWS_PROFILE", "The profile of the AWS configuration file.", "`default`"),
            Setting("AWS_REGION", "The region of S3, Glue and of the prices in `make sizing`.", "`AWS_DEFAULT_REGION`"),
            Setting("AWS_DEFAULT_REGION", "The region where `AWS_REGION` is unset.", "AWS's own rule"),
            Setting("AWS_ENDPOINT_URL_S3", "The address of an S3 server that is not AWS's.", "`AWS_ENDPOINT_URL`"),
            Setting("AWS_ENDPOINT_URL", "The address of a server for all of AWS's services.", "AWS"),
            Setting(
                "POLARS_ICEBERG_PLANNER", "Which library plans a scan; the tests prove pyiceberg's.", "`pyiceberg`"
            ),
        ),
    ),
    Settings(
        "The makers' APIs",
        (
            Setting(
                "OEM_APIS",
                "Whom raw asks: `sandbox` (the makers, played here), `live`, or `replay:FOLDER` (captured days).",
                "`sandbox`; in an ECS task an error",
            ),
            Setting(
                "OEM_USER_AGENT",
                "What the client calls itself. Say there who runs it and where to complain.",
                "the project's name",
            ),
            Setting("SANDBOX_VEHICLES", "How many vehicles each played maker has.", "2000"),
            Setting("SANDBOX_SEED", "Which played world; another number is another stock.", "1"),
            Setting(
                "SANDBOX_FAULTS",
                "What goes wrong: `<oem>/<endpoint>[/<market>]:<fault>[@<page>][*<times>];...` or "
                "`storm:<percent>[@<seed>]`.",
                "nothing",
            ),
            Setting("SANDBOX_LATENCY_MS", "Milliseconds that each played answer takes.", "0"),
            Setting(
                "SANDBOX_PACED",
                "1 keeps the declared rates with the sandbox too, to see how long a night takes.",
                "no waiting",
            ),
            Setting(
                "SANDBOX_ORIGIN",
                "A running sandbox for the steps to ask; `make nightly` sets it.",
                "each step starts its own",
            ),
        ),
    ),
    Settings(
        "Dagster and ECS",
        (
            Setting("DAGSTER_HOME", "The folder of Dagster's instance.", "`.dagster/` in the checkout"),
            Setting(
                "DAGSTER_EXECUTOR",
                "The executor of the jobs: `dagster_aws.ecs.ecs_executor` makes each step an ECS task.",
                "`dagster.in_process_executor`; `make nightly` runs steps side by side",
            ),
            Setting(
                "NIGHTS_SINCE",
                "The first day that has a partition, such as `2026-11-01`; `lake` is the first day of a lake in a"
                " folder (no other is asked while the definitions load). No earlier day can be run.",
                "2023-01-01; `make dev` sets `lake`",
            ),
            Setting(
                "NIGHTLY_STEP_SIZE",
                "The size of the nightly schedule's steps, `<cpu>/<memory in MB>`.",
                "each step its own",
            ),
            Setting(
                "STEP_TASKS_ON_SPOT", "1 starts raw and transformed on Fargate Spot, a retry on demand.", "on demand"
            ),
            Setting("STEP_TASK_SUBNETS", "The subnets of step tasks, ids with commas.", "the coordinator's own subnet"),
            Setting(
                "ECS_CLUSTER",
                "The cluster in which the sweeper looks for tasks that were left.",
                "the cluster of its own task",
            ),
            Setting(
                "CODE_URL",
                "Where links to code and runbook lead, such as `https://github.com/acme/oem-stock/blob/main`.",
                "the file in the checkout; the runbook's line by its name",
            ),
        ),
    ),
    Settings(
        "Alerts",
        (
            Setting("ALERT_EMAIL_TO", "The addresses that get an e-mail, with commas between them.", "no e-mail"),
            Setting(
                "ALERT_SMTP",
                "The mail server: `smtp://host:25`, `smtps://user:password@host:465` or "
                "`smtp+starttls://user:password@host:587`; its certificate is checked.",
                "no e-mail",
            ),
            Setting("ALERT_EMAIL_FROM", "The sender of the e-mails.", "the first recipient"),
            Setting("ALERT_SLACK_WEBHOOK", "The address of an incoming webhook of Slack, a secret.", "no message"),
            Setting("ALERT_SNS_TOPIC", "The ARN of an SNS topic, on which the runs need `sns:Publish`.", "no message"),
            Setting(
                "DAGSTER_UI_URL",
                "Where Dagster's UI is, such as `https://acme.dagster.cloud/prod`, for links to a run.",
                "the run's id alone",
            ),
        ),
    ),
)
