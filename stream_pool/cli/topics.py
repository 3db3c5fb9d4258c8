"""`stream-pool topics`: what an app needs on the cluster, printed, created or checked."""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_pool.cli.worker import app_here, configure
from stream_pool.errors import ExitCode, MisuseError

if TYPE_CHECKING:
    from stream_pool.settings import Settings
    from stream_pool.stream import App
    from stream_pool.stream.topic_plan import Plan


def topics(
    app: Annotated[
        str | None,
        typer.Option("--app", "-A", help="The app: a module, or module:name, such as topologies.orders."),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--group", "-g", help="Not an app: the three topics of a group, and its detector."),
    ] = None,
    print_: Annotated[bool, typer.Option("--print", help="Say what is needed; asks no broker.")] = False,
    create: Annotated[bool, typer.Option("--create", help="Create what is missing.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the cluster; exit 1 on a finding.")
    ] = False,
    partitions: Annotated[
        int | None,
        typer.Option(min=1, help="With --create: make missing topics that the app reads, too, with so many."),
    ] = None,
    principal: Annotated[
        str | None,
        typer.Option(
            help="Whom the access is for. Default: the user of PLAIN and SCRAM; needed with a certificate of"
            " the worker's, and with tokens."
        ),
    ] = None,
    broker: Annotated[str | None, typer.Option(help="kafka://host:port, more servers after a comma.")] = None,
    config: Annotated[Path | None, typer.Option(help="A TOML file of settings.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object instead of lines.")] = False,
) -> None:
    """The topics of an app, or of a group alone, and the access of its workers.

    Nothing relies on topics being created by a broker by itself. A worker creates its own three topics where
    it may; --create does so ahead, as a user who may, so that workers need no right to.
    """
    if print_ + create + check != 1:
        raise MisuseError("choose one of --print, --create and --check")
    if partitions is not None and not create:
        raise MisuseError("--partitions goes with --create")
    if (app is None) == (group is None) or not (app or group or "").strip():
        raise MisuseError("name an app with --app, or a consumer group with --group")
    settings = configure({"broker": broker, "log_level": "error"}, config)
    found = app_here(app) if app is not None else _detector_of(group or "", settings)
    plan = found.plant.plan()
    if print_:
        from stream_pool.stream.principal import principal_of

        credentials = found.conf.broker_credentials
        user = principal or principal_of(credentials, settings)
        login = "" if credentials is None else "--command-config admin.properties"
        _tell(plan, user, settings.bootstrap_servers, login, as_json)
        return
    if create:
        for name in asyncio.run(_create(found, plan, partitions)):
            print(f"created {name}", file=sys.stderr)
    problems = asyncio.run(_problems(found, plan))
    if as_json:
        print(json.dumps({"topics": [topic.name for topic in plan.topics], "problems": problems}))
    else:
        print("\n".join(problems) or f"all {len(plan.topics)} topics are as they must be")
    raise typer.Exit(ExitCode.FINDING if problems else ExitCode.OK)


def _detector_of(group: str, settings: "Settings") -> "App":
    from stream_pool.stream import App

    return App(group, settings=settings, decode=bytes)


def _tell(plan: "Plan", principal: str | None, servers: tuple[str, ...], login: str, as_json: bool) -> None:
    from stream_pool.stream.principal import ANONYMOUS
    from stream_pool.stream.topic_plan import acl_commands, create_commands

    if as_json:
        told = {"principal": principal or ANONYMOUS, **asdict(plan)}
        print(json.dumps(told, indent=2))
        return
    lines = []
    if login:
        lines.append(
            "# admin.properties: how whoever runs these commands logs in, a user who may create topics and"
            " ACLs (security.protocol, sasl.* and ssl.* of Kafka's own tools)."
        )
    lines.append("# Topics")
    for topic in plan.topics:
        shape = f"partitions={topic.partitions or 'any'}"
        settings = " ".join(f"{name}={value}" for name, value in topic.config.items())
        lines.append(f"# {topic.name}: {topic.why}. {shape} {settings}".rstrip())
    lines.append(
        "# Those that the app reads are their owner's to create. On fewer than 3 brokers: a replica each, and"
        " no min.insync.replicas."
    )
    lines += create_commands(plan, servers, login)
    if principal is None:
        lines.append(
            f"# Access: by these settings a worker proves nothing to the brokers, and is {ANONYMOUS}, who has"
            " no ACLs to need. For one that proves who it is: --principal User:NAME."
        )
    else:
        lines.append("# Access of the workers, once the topics are there")
        lines += acl_commands(plan, principal, servers, login)
        if all(topic.is_own for topic in plan.topics):
            lines.append(
                "# To know the lag a detector also takes DESCRIBE on each topic that the group reads."
            )
    print("\n".join(lines))


async def _create(app: "App", plan: "Plan", partitions: int | None) -> list[str]:
    from stream_pool.stream.topics import make_topic, wait_for_topic

    made = []
    async with app.plant.host.client.admin(timeout_s=app.settings.connect_timeout_s) as admin:
        there = await admin.partition_counts(topic.name for topic in plan.topics)
        for topic in plan.topics:
            count = topic.partitions or partitions
            if topic.name not in there and count is not None:
                await make_topic(admin, topic.name, partitions=count, config=topic.config)
                await wait_for_topic(admin, topic.name, partitions=0)
                made.append(topic.name)
    return made


async def _problems(app: "App", plan: "Plan") -> list[str]:
    async with app.plant.host.client.admin(timeout_s=app.settings.connect_timeout_s) as admin:
        found = await admin.describe(topic.name for topic in plan.topics)
        return plan.problems(found, await admin.broker_count())
