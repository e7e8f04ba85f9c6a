"""Amazon ECS on loopback, for tests: a stand-in for the API, real processes for the tasks.

What is real: dagster-aws's executor and launcher, botocore and its exceptions, the protocol, every task's process, its
environment, memory limit, signals and exit code, PostgreSQL. What is played: ECS, and the corner of EC2, STS, Secrets
Manager and CloudWatch Logs that dagster-aws calls.

    def test_something(rig: Rig) -> None:                                    # fixture `rig` of fixtures.py
        rig.faults.on_step("first", TaskFault.KILLED, times=1, after_seconds=0.2)
        rig.faults.on_call("RunTask", THROTTLING, times=4, where=of_step("second"))
        run_id = rig.launch(dg.reconstructable(two_steps), run_config={...})  # or rig.execute(...): this process
        assert rig.wait(run_id) is dg.DagsterRunStatus.SUCCESS                #   coordinates, no EcsRunLauncher
        assert [(task.cpu, task.memory_mib) for task in rig.steps("second")] == [(512, 1024)]
        assert len(rig.server.calls("DescribeTasks")) < 10                    # every call, with its request

`ecs_rig(...)` makes one with settings of its own: timing of a task's life, a limit of calls a second, variables of the
task definition, which tasks start a fresh interpreter. `rig.cluster.kill(task)` and `.stop(...)` do what no rule can.
"""
