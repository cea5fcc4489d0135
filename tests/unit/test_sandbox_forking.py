"""The copies of one process in which the parts of the sandbox run: as if each had been started by itself."""

import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from sandbox import forking
from sandbox.forking import Forked
from sandbox.launch import ROOT


@pytest.fixture
def run(tmp_path):
    """Runs code in a copy: timeit is a module that takes some as an argument."""
    started = []
    with (tmp_path / "errors").open("w") as errors:

        def _run(code, module="timeit", **environment):
            started.append(Forked(module, ["-n", "1", "-r", "1", f"import os, sys, time\n{code}"], environment, errors))
            return started[-1]

        yield _run
    for each in started:
        each.kill()
        each.wait()
        each.stdout.close()


def test_a_copy_has_the_environment_that_it_is_given_and_nothing_else(run, monkeypatch):
    monkeypatch.setenv("OF_THIS_PROCESS", "x")
    copy = run("print(dict(os.environ), time.tzname[0], flush=True)", TZ="XYZ-3", OWN="y")

    first = copy.stdout.readline()

    assert "'OWN': 'y'" in first
    assert "OF_THIS_PROCESS" not in first
    assert first.split()[-1] == "XYZ"


@pytest.mark.parametrize(
    ("chosen", "locale"), [({}, "C.UTF-8"), ({"LANG": "C.UTF-8"}, "None"), ({"LC_ALL": "C"}, "None")]
)
def test_a_copy_without_a_language_has_the_one_that_python_chooses(run, chosen, locale):
    copy = run("print(os.environ.get('LC_CTYPE'), flush=True)", **chosen)

    assert copy.stdout.readline().strip() == locale


def test_a_copy_finds_modules_where_its_environment_says(run, tmp_path):
    (tmp_path / "only_there.py").write_text("print('found', flush=True)")

    assert run("import only_there", PYTHONPATH=str(tmp_path)).stdout.readline() == "found\n"


def test_a_copy_keeps_its_files_where_its_environment_says(run, tmp_path):
    run("", "sandbox.functions.worker").wait()  # loading it asks where that is

    copy = run("import tempfile; print(tempfile.gettempdir(), flush=True)", TMPDIR=str(tmp_path))

    assert copy.stdout.readline().strip() == str(tmp_path)


def test_a_copy_has_its_number_a_session_and_the_files_of_no_other(run):
    neighbour = run("time.sleep(600)")
    copy = run("print(os.getpid(), os.getsid(0), len(os.listdir('/proc/self/fd')), flush=True)")

    number, session, files = map(int, copy.stdout.readline().split())

    assert copy.pid == number == session != neighbour.pid
    assert files == 5  # the three of every process, the line to the process that copies, the folder that is being read


@pytest.mark.parametrize(("code", "status"), [("os._exit(0)", 0), ("os._exit(3)", 3), ("nonsense", 1)])
def test_the_exit_code_of_a_copy_is_known(run, tmp_path, code, status):
    copy = run(code)

    assert copy.wait() == copy.poll() == copy.returncode == status
    assert ("NameError" in (tmp_path / "errors").read_text()) == (code == "nonsense")


def test_a_copy_gets_signals_and_is_waited_for_no_longer_than_asked(run):
    copy = run("print('ready', flush=True); time.sleep(600)")
    copy.stdout.readline()

    assert copy.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        copy.wait(0)
    copy.send_signal(signal.SIGTERM)

    assert copy.wait() == -signal.SIGTERM
    copy.send_signal(signal.SIGTERM)  # it is gone


def test_one_thread_waits_for_a_copy_while_others_look(run):
    copy = run("time.sleep(600)")
    ends = []
    waiting = threading.Thread(target=lambda: ends.append(copy.wait()))
    waiting.start()

    assert copy.poll() is None
    copy.kill()
    waiting.join()

    assert [copy.wait()] == ends == [-signal.SIGKILL]


def test_what_is_loaded_for_a_copy_may_run_programs(run):
    run("", "azure.identity").wait()  # which asks uname what machine this is

    assert run("import azure.identity").wait() == 0


def test_a_copy_has_copies_made_by_the_same_process(run):
    parent = "os.getppid()"
    copy = run(f"""from sandbox.forking import Forked
one = Forked("timeit", ["-n", "1", "-r", "1", "import os, sys; print({parent}); print(3, file=sys.stderr)"], {{}})
print({parent}, *map(str.strip, one.stdout.readlines()[:2]), one.wait(), flush=True)""")

    of_the_copy, of_its_own, *rest = copy.stdout.readline().split()

    assert of_the_copy == of_its_own
    assert rest == ["3", "0"]


def test_others_are_copied_when_a_copy_that_asked_has_ended(run):
    run("import sandbox.forking").wait()

    assert run("print(1)").wait() == 0


@pytest.mark.parametrize("sent", [b"", b'["timeit", [', b'["timeit", ["-n", "1", "-r", "1"], {}]\n'])
def test_others_are_copied_when_who_asked_is_killed_while_it_asks(run, sent, tmp_path):
    near, far = socket.socketpair()
    with (tmp_path / "nothing").open("w") as nothing, near, far:
        forking._server.ask([nothing.fileno(), nothing.fileno(), far.fileno()])
        near.sendall(sent)

    assert run("print(1)").wait() == 0


@pytest.mark.parametrize("code", ["1 +", "raise RuntimeError", "raise SystemExit(2)", "import not_there"])
def test_what_cannot_be_loaded_is_left_to_the_copy(tmp_path, monkeypatch, code):
    (tmp_path / "cannot_be_loaded.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)

    forking._load("cannot_be_loaded")


SLEEPING = """import os, signal, sys
from sandbox import forking
code = "import os, time; print(os.getppid(), flush=True); time.sleep(600)"
copy = forking.Forked("timeit", ["-n", "1", "-r", "1", code], {})
copied = int(copy.stdout.readline())
"""
FAILS = """import socket
near, far = socket.socketpair()
forking._server.ask([1, 2, far.fileno()])
near.sendall(b"nonsense\\n")
"""


@pytest.mark.parametrize("end", ["os.kill(copied, signal.SIGKILL)", FAILS], ids=["killed", "failed"])
def test_no_copy_outlives_what_it_is_a_copy_of(end):
    code = f"""{SLEEPING}
{end}
print(copy.wait(), copy.poll(), len(copy.stdout.read()), flush=True)
copy.kill()
try:
    forking.Forked("timeit", [], {{}}, sys.stderr)
except forking.CopiesEnded:
    print("ended")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603

    assert done.stdout.split() == ["-9", "-9", "0", "ended"]


def test_an_end_is_told_also_when_its_signal_comes_right_before_the_process_waits(run, monkeypatch):
    """Another thread takes the signal here, so the waiting is not interrupted, as by a signal that comes before it."""
    code = """import signal, socket, sys, threading
from multiprocessing.connection import wait
from sandbox import forking
threading.Thread(target=threading.Event().wait, daemon=True).start()
def not_interrupted(lines):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    try:
        return wait(lines)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
forking.wait = not_interrupted
work = forking._Copied(socket.socket(fileno=int(sys.argv[1]))).serve()
exec(work[1][-1]) if work else None"""
    near, far = socket.socketpair()
    server = forking._Server()
    server.reached_by(near)
    monkeypatch.setattr(forking, "_server", server)
    command = [sys.executable, "-W", "ignore", "-c", code, str(far.fileno())]
    with subprocess.Popen(command, cwd=ROOT, pass_fds=[far.fileno()]), near:  # noqa: S603
        far.close()
        copy = run("import sandbox.forking as f; f._server._line.close(); print(1, flush=True); time.sleep(600)")
        copy.stdout.readline()
        copy.kill()

        assert copy.wait(30) == -signal.SIGKILL


def test_no_copy_outlives_who_asked_for_it():
    code = """import sys, os; from sandbox.forking import Forked
copy = Forked("timeit", ["-n", "1", "-r", "1", "print(1, flush=True); import time; time.sleep(600)"], {}, sys.stderr)
copy.stdout.readline()
print(copy.pid)"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603

    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)
