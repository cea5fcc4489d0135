import math
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from connector.http.gate import Gate, Governor
from connector.http.governor import FIRST, GROWTH_SECONDS, MOST_KINDS, OVERLOAD, SAMPLE, AdaptiveGovernor, Limit, Times
from tests.unit.simulated_system import Answer, Load, Simulation, System

MINUTE = 60.0


# What it finds


@pytest.mark.parametrize("retry_after", [None, 1.0])
@pytest.mark.parametrize(("most", "per_second"), [(8, 70), (32, 125), (32, 185)])
def test_throughput_comes_to_nine_tenths_of_a_limit_per_second_with_few_refusals(most, per_second, retry_after):
    load = Load(System(per_second=per_second, retry_after=retry_after), most=most)

    load.run_until(4 * MINUTE)
    found = load.figures(MINUTE, 4 * MINUTE)

    assert found.rate >= 0.9 * per_second
    assert found.refused < 0.02


@pytest.mark.parametrize(("most", "workers"), [(8, 4), (32, 8), (32, 16), (52, 3)])
def test_a_system_that_queues_is_kept_busy_but_its_queue_short(most, workers):
    service = 0.1
    load = Load(System(workers=workers, service=service), most=most)

    load.run_until(5 * MINUTE)
    found = load.figures(MINUTE, 5 * MINUTE)

    assert found.rate >= 0.95 * workers / service
    assert found.seconds < 1.8 * service  # a fixed number of calls would make it most / workers times as long


def test_the_queue_stays_short_for_hours():
    load = Load(System(workers=4, service=1.0), most=16)

    load.run_until(90 * MINUTE)
    found = load.figures(60 * MINUTE, 90 * MINUTE)

    assert found.rate >= 0.95 * 4
    assert found.seconds < 1.6


@pytest.mark.parametrize("most", [1, 8, 52])
def test_a_system_that_bears_everything_gets_all_that_the_setting_allows_within_seconds(most):
    load = Load(System(), most=most)

    load.run_until(20.0)

    assert load.governor.limit == most
    assert load.figures(10.0, 20.0).rate >= 0.98 * most / 0.1
    assert load.most_running == most


def test_times_that_scatter_widely_are_not_taken_for_waiting():
    mean = 0.1 * math.exp(0.5)
    load = Load(System(service=lambda rng: 0.1 * rng.lognormvariate(0, 1)), most=16)

    load.run_until(3 * MINUTE)

    assert load.figures(30.0, 3 * MINUTE).rate >= 0.95 * 16 / mean


def test_a_cold_start_is_not_a_burst():
    load = Load(System(), most=52)

    load.run_until(0.05)

    assert load.running == FIRST


# How it falls and comes back


def storm(retry_after, *, silent):
    """Half of the calls refused from minute 2 to 3, then none answered well until minute 8."""

    def fault(moment, rng):
        if 2 * MINUTE <= moment < 3 * MINUTE and rng.random() < 0.5:
            return Answer(rng.choice((429, 503)), 0.05, retry_after)
        if 3 * MINUTE <= moment < 8 * MINUTE:
            return Answer(None, 20.0) if silent and moment < 8 * MINUTE - 20 else Answer(503, 0.02, retry_after)
        return None

    return fault


@pytest.mark.parametrize(("most", "limits"), [(8, {}), (8, {"per_second": 60}), (32, {"workers": 16, "service": 0.2})])
@pytest.mark.parametrize(("retry_after", "silent"), [(None, False), (None, True), (5.0, False)])
def test_after_a_storm_and_an_outage_the_rate_is_back_within_a_minute(most, limits, retry_after, silent):
    load = Load(System(fault=storm(retry_after, silent=silent), **limits), most=most)

    load.run_until(10 * MINUTE)
    before = load.figures(MINUTE, 2 * MINUTE).rate

    assert load.figures(9 * MINUTE, 10 * MINUTE).rate >= 0.95 * before
    assert load.sent(2 * MINUTE + 10, 3 * MINUTE) < 0.5 * before


@pytest.mark.parametrize("status", [*OVERLOAD, None])
def test_a_system_that_refuses_everything_is_asked_by_one_call_at_a_time_within_seconds(status):
    fault = Answer(status, 0.1)
    load = Load(System(fault=lambda moment, _rng: fault if moment >= MINUTE else None), most=32)

    load.run_until(MINUTE)
    assert load.governor.limit == 32

    load.run_until(MINUTE + 10)
    assert load.governor.limit == 1


def test_stray_refusals_cost_next_to_nothing():
    def fault(_moment, rng):
        return Answer(503, 0.02) if rng.random() < 0.005 else None

    load = Load(System(fault=fault), most=8)

    load.run_until(5 * MINUTE)

    assert load.figures(MINUTE, 5 * MINUTE).rate >= 0.9 * 8 / 0.1


def test_when_the_work_takes_twice_as_long_under_load_it_backs_off_instead_of_queueing():
    system = System(workers=16)
    load = Load(system, most=32)
    load.run_until(2 * MINUTE)

    system._free = system._free[:8]  # half of the workers go home
    load.run_until(4 * MINUTE)
    found = load.figures(3 * MINUTE, 4 * MINUTE)

    assert found.rate >= 0.95 * 8 / 0.1
    assert found.seconds < 0.17
    assert load.governor.limit < 16


def test_a_system_that_became_slower_for_good_is_taken_as_it_is():
    system = System(service=0.1)
    load = Load(system, most=16)
    load.run_until(MINUTE)

    system.service = 0.3
    load.run_until(5 * MINUTE)

    assert load.figures(4 * MINUTE, 5 * MINUTE).rate >= 0.95 * 16 / 0.3


def test_slow_calls_come_back_as_quickly():
    load = Load(System(service=3.0, fault=storm(None, silent=False)), most=8)

    load.run_until(10 * MINUTE)

    assert load.figures(9 * MINUTE, 10 * MINUTE).rate >= 0.95 * load.figures(MINUTE, 2 * MINUTE).rate


def test_all_clients_get_as_many_calls():
    load = Load(System(per_second=45, retry_after=1.0), most=8, clients=20)

    load.run_until(3 * MINUTE)

    assert min(load.calls_of) >= 0.8 * max(load.calls_of)


# What it learns from


@pytest.fixture
def simulation():
    return Simulation()


@pytest.fixture
def governor(simulation):
    return AdaptiveGovernor("Spotler", 8, simulation.clock)


def keep_busy(governor, simulation, seconds, *, status=200, call=0.1):
    """As many calls as it lets out, one generation after the other."""
    for _ in range(round(seconds / call)):
        places = governor.limit
        slots = [governor.slot(0.0) for _ in range(places)]
        for slot in slots:
            slot.__enter__()
        simulation.now += call
        for slot in slots:
            governor.observe(status, call, None, "GET contact 7")
            slot.__exit__(None, None, None)


def test_both_are_governors(simulation):
    governors: list[Governor] = [Gate("Spotler", 1, simulation.clock), AdaptiveGovernor("Spotler", 1, simulation.clock)]

    for governor in governors:
        with governor.slot(0.0):
            governor.observe(200, 0.1, None, "GET contact 7")


@pytest.mark.parametrize("status", [200, 204, 302, 404, 412])
def test_every_answer_that_is_not_a_fault_vouches_for_the_limit(governor, simulation, status):
    keep_busy(governor, simulation, 5.0, status=status)

    assert governor.limit == 8


def test_a_mistake_of_the_other_system_says_nothing(governor, simulation):
    keep_busy(governor, simulation, 5.0, status=500)

    assert governor.limit == FIRST


def test_a_limit_that_is_not_used_does_not_grow(governor, simulation):
    for _ in range(100):
        with governor.slot(0.0):
            simulation.now += 0.1
            governor.observe(200, 0.1, None, "GET contact 7")

    assert governor.limit == FIRST


def test_idle_time_does_not_count_as_use(governor, simulation):
    keep_busy(governor, simulation, 5.0)
    keep_busy(governor, simulation, 10.0, status=503)
    assert governor.limit == 1

    for _ in range(20):
        simulation.now += MINUTE
        keep_busy(governor, simulation, 0.1)

    assert governor.limit == 1


def test_one_overload_is_one_setback_however_many_answers_it_spoils(governor, simulation):
    keep_busy(governor, simulation, 5.0)
    began = simulation.now = 10.0
    limits = set()
    for _ in range(8):
        simulation.now += 2.0
        governor.observe(429, simulation.now - began, 0.0, "GET contact 7")
        limits.add(governor.limit)

    assert limits == {7}


def test_a_refusal_of_the_content_does_not_pass_for_a_quiet_day(governor, simulation):
    keep_busy(governor, simulation, 20.0, status=404, call=0.01)
    keep_busy(governor, simulation, 20.0, call=1.0)

    assert governor.limit == 8


def test_a_pause_is_kept_by_everybody(governor):
    with governor.slot(8.0):
        governor.observe(429, 0.1, 30.0, "GET contact 7")

    assert governor.gate.pause == 30.0


def test_a_call_is_compared_with_its_kind_only():
    times = Times()

    usual = [times.add("GET one", 0.1, now / 10, drained=False) for now in range(100)]
    slow = [times.add("POST many", 5.0, now / 10, drained=False) for now in range(100)]

    assert {*usual, *slow} == {None, 1.0}


def test_waiting_is_told_as_the_part_of_the_time_that_is_work():
    times = Times()
    for now in range(100):
        times.add("GET one", 0.1, now / 10, drained=False)
    times.restart()

    told = [times.add("GET one", 0.4, 10 + now / 10, drained=False) for now in range(SAMPLE)]

    assert told[:-1] == [None] * (SAMPLE - 1)
    assert told[-1] == pytest.approx(0.25)


def test_the_memory_for_kinds_is_bounded():
    times = Times()
    for kind in range(3 * MOST_KINDS):
        times.add(str(kind), 0.1, 0.0, drained=False)

    assert len(times._kinds) <= MOST_KINDS


# The laws of the limit

falls = st.tuples(st.just("refused"), st.floats(0.0, 1.0), st.sampled_from([0.0, 0.1]))
slownesses = st.tuples(st.just("slowed"), st.floats(1e-6, 0.67))
growths = st.tuples(st.just("grow"), st.floats(0.0, 100.0))


@given(most=st.integers(1, 52), steps=st.lists(st.one_of(falls, slownesses, growths), max_size=60))
def test_the_limit_stays_between_one_and_the_setting_falls_at_setbacks_and_rises_else(most, steps):
    limit = Limit(most)
    values = [limit._value]
    for name, *arguments in steps:
        getattr(limit, name)(*arguments)
        values.append(limit._value)
        assert all(1 <= limit.calls(phase / 10) <= most for phase in range(10))

    assert all(after >= before if step[0] == "grow" else after <= before
               for step, (before, after) in zip(steps, pairwise(values), strict=True))  # fmt: skip


@given(most=st.integers(1, 52), steps=st.lists(st.one_of(falls, slownesses, growths), max_size=60))
def test_from_anywhere_all_that_the_setting_allows_is_back_in_the_time_of_growth_and_what_leads_to_it(most, steps):
    limit = Limit(most)
    for name, *arguments in steps:
        getattr(limit, name)(*arguments)

    limit.grow(2 * GROWTH_SECONDS)

    assert limit.calls(0.0) == most


def test_from_one_call_all_are_back_in_the_time_of_growth():
    limit = Limit(32)
    for _ in range(20):
        limit.refused(1.0, 0.0)
    limit.grow(GROWTH_SECONDS)

    assert limit.calls(0.0) == 32


def test_an_answer_after_an_hour_lets_the_limit_grow_like_any_other():
    limit = Limit(8)
    limit.grow(3600.0)

    assert limit.calls(0.0) == 8


def test_a_fraction_is_a_part_of_every_second():
    limit = Limit(8)
    limit.refused(0.25, 0.0)  # 3.5 of the 4 to begin with

    assert [limit.calls(17 + tenth / 10) for tenth in range(10)] == [3] * 5 + [4] * 5
