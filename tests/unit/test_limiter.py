import pytest
from hypothesis import given, settings, strategies as st

from connector.http.limiter import FIRST, OVERLOAD, Limiter
from connector.http.pace import Pace
from tests.unit.simulated_system import Answer, Load, Simulation, System

MINUTE = 60.0


# What it finds


@pytest.mark.parametrize(("retry_after", "share"), [(None, 0.95), (1.0, 0.8)])
@pytest.mark.parametrize(("most", "per_second"), [(8, 70), (32, 125), (32, 185)])
def test_throughput_comes_close_to_a_limit_per_second_with_few_refusals(most, per_second, retry_after, share):
    load = Load(System(per_second=per_second, retry_after=retry_after), most=most)

    load.run_until(4 * MINUTE)
    found = load.figures(MINUTE, 4 * MINUTE)

    assert found.rate >= share * per_second
    assert found.refused < 0.02


@pytest.mark.parametrize("most", [1, 8, 52])
def test_a_system_without_limits_gets_all_that_the_setting_allows_within_seconds(most):
    load = Load(System(), most=most)

    load.run_until(20.0)

    assert load.limiter.limit == most
    assert load.figures(10.0, 20.0).rate >= 0.98 * most / 0.1
    assert load.most_running == most


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


def test_a_slow_system_is_back_as_quickly():
    load = Load(System(service=3.0, fault=storm(None, silent=False)), most=8)

    load.run_until(10 * MINUTE)

    assert load.figures(9 * MINUTE, 10 * MINUTE).rate >= 0.95 * load.figures(MINUTE, 2 * MINUTE).rate


@pytest.mark.parametrize("status", [*OVERLOAD, None])
def test_a_system_that_refuses_everything_gets_one_call_at_a_time_within_seconds(status):
    fault = Answer(status, 0.1)
    load = Load(System(fault=lambda moment, _rng: fault if moment >= MINUTE else None), most=32)

    load.run_until(MINUTE)
    assert load.limiter.limit == 32

    load.run_until(MINUTE + 10)
    assert load.limiter.limit == 1


def test_stray_refusals_cost_little():
    def fault(_moment, rng):
        return Answer(503, 0.02) if rng.random() < 0.005 else None

    load = Load(System(fault=fault), most=8)

    load.run_until(5 * MINUTE)

    assert load.figures(MINUTE, 5 * MINUTE).rate >= 0.9 * 8 / 0.1


def test_all_clients_get_as_many_calls():
    load = Load(System(per_second=45, retry_after=1.0), most=8, clients=20)

    load.run_until(3 * MINUTE)

    assert min(load.calls_of) >= 0.8 * max(load.calls_of)


# What it learns from


@pytest.fixture
def simulation():
    return Simulation()


@pytest.fixture
def limiter(simulation):
    return Limiter("Spotler", 8, simulation.clock)


def keep_busy(limiter, simulation, seconds, *, status=200, call=0.1):
    """As many calls as it lets out, one generation after the other."""
    for _ in range(round(seconds / call)):
        slots = [limiter.slot(0.0) for _ in range(limiter.gate.places)]
        for slot in slots:
            slot.__enter__()
        simulation.now += call
        for slot in slots:
            limiter.observe(status, call, None)
            slot.__exit__(None, None, None)


@pytest.mark.parametrize("retry_after", [5.0, 10.0, 30.0])
def test_a_503_that_asks_for_a_long_pause_cuts_the_limit_where_calls_are_paced_too(simulation, retry_after):
    limiter = Limiter("Dataverse", 8, simulation.clock, Pace(300))
    keep_busy(limiter, simulation, 5.0)
    assert limiter.limit == 8

    for _ in range(30):
        simulation.now += retry_after
        limiter.observe(503, 0.1, retry_after)

    assert limiter.limit == 1


def test_a_refusal_for_the_rest_of_a_window_says_nothing_about_calls_at_the_same_time(simulation):
    limiter = Limiter("Dataverse", 8, simulation.clock, Pace(300))
    keep_busy(limiter, simulation, 5.0)

    limiter.observe(429, 0.1, 30.0)

    assert limiter.limit == 8


@pytest.mark.parametrize(("status", "found"), [(200, 8), (204, 8), (302, 8), (404, 8), (412, 8), (500, FIRST)])
def test_every_answer_but_a_fault_lets_the_limit_grow(limiter, simulation, status, found):
    keep_busy(limiter, simulation, 5.0, status=status)

    assert limiter.limit == found


def test_a_limit_that_is_not_used_does_not_grow(limiter, simulation):
    for _ in range(100):
        with limiter.slot(0.0):
            simulation.now += 0.1
            limiter.observe(200, 0.1, None)

    assert limiter.limit == FIRST


def test_idle_time_does_not_count_as_use(limiter, simulation):
    keep_busy(limiter, simulation, 5.0)
    keep_busy(limiter, simulation, 10.0, status=503)
    assert limiter.limit == 1

    for _ in range(20):
        simulation.now += MINUTE
        keep_busy(limiter, simulation, 0.1)

    assert limiter.limit == 1


def test_work_between_the_calls_does_not_make_the_way_back_longer(limiter, simulation):
    keep_busy(limiter, simulation, 5.0)
    keep_busy(limiter, simulation, 10.0, status=503)
    assert limiter.limit == 1

    for _ in range(75):
        simulation.now += 0.6
        keep_busy(limiter, simulation, 0.2, call=0.2)

    assert limiter.limit == 8


def test_pauses_do_not_make_a_cold_start_faster(limiter, simulation):
    for _ in range(3):
        keep_busy(limiter, simulation, 0.1)
        simulation.now += 0.8

    assert limiter.limit < 2 * FIRST


def test_calls_that_were_under_way_at_a_cut_cause_no_other(limiter, simulation):
    keep_busy(limiter, simulation, 5.0)
    began = simulation.now = 10.0
    limits = set()
    for _ in range(8):
        simulation.now += 2.0
        limiter.observe(429, simulation.now - began, 0.0)
        limits.add(limiter.limit)

    assert len(limits) == 1


def test_a_pause_holds_back_all_calls(limiter):
    with limiter.slot(8.0):
        limiter.observe(429, 0.1, 30.0)

    assert limiter.gate.pause == 30.0


ANSWERS = st.tuples(
    st.sampled_from([200, 404, 500, *OVERLOAD, None]), st.floats(0.0, 3600.0), st.sampled_from([None, 0.0, 5.0])
)


@settings(max_examples=settings.default.max_examples, deadline=None)
@given(most=st.integers(1, 52), answers=st.lists(ANSWERS, max_size=60))
def test_whatever_is_answered_the_limit_stays_in_its_bounds_and_all_comes_back(most, answers):
    simulation = Simulation()
    limiter = Limiter("Spotler", most, simulation.clock)
    for status, seconds, retry_after in answers:
        simulation.now += seconds
        limiter.observe(status, seconds, retry_after)
        assert 1 <= limiter.gate.places <= most

    simulation.now += max(limiter.gate.pause, 1.0)
    keep_busy(limiter, simulation, MINUTE, call=0.5)

    assert limiter.limit == most
