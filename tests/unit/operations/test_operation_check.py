"""Check: the probe that changes nothing."""

from datetime import timedelta

from connector.dataverse.choices import JobStatus, Operation
from connector.dataverse.names import Job
from connector.jobs.sweep import sweep

DONE = (JobStatus.COMPLETED, "OK")


def says(world, job):
    return world.row(job)[Job.RESULT_MESSAGE]


def test_it_says_how_long_each_part_of_the_way_took(world):
    job = world.job(Operation.CHECK, **{Job.MODIFIED_ON: world.now.strftime("%Y-%m-%dT%H:%M:%SZ")})
    routed = world.now + timedelta(seconds=2)
    world.now += timedelta(seconds=5)

    world.run(world.item(job, first_seen=routed))

    assert world.status(job) == DONE
    assert says(world, job) == (
        "The job arrived. Seconds: 2 from Dataverse to the router; 3 to its function; 0 to claim it; "
        "0 for a read of Spotler."
    )


def test_it_changes_nothing_and_asks_spotler_once_for_all_jobs_that_wait(world):
    jobs = [world.job(Operation.CHECK) for _ in range(3)]

    world.run(*jobs)

    assert [world.status(job) for job in jobs] == [DONE] * 3
    assert world.effects() == []
    assert [each["method"] for each in world.spotler.calls()["calls"]] == ["GET"]
    assert world.spotler.calls()["total"] == 1


def test_a_job_that_only_the_sweep_found_says_so(world):
    job = world.job(Operation.CHECK)
    world.now += timedelta(minutes=3)
    sweep(world.services)
    (item,) = world.put_back()

    world.run(item)

    assert says(world, job).startswith("The sweep found the job: its message did not arrive.")


def test_it_waits_while_spotler_does_not_answer(world):
    world.spotler.arm("empty_error", status=503, count=None)
    job = world.job(Operation.CHECK)

    world.run(job)

    assert not world.status(job)[0].is_final
    assert [item.job for item in world.put_back()] == [job]
