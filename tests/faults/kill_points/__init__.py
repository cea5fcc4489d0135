"""Kills the process of a function at every place where it touches another system, and checks what becomes of the work.

    python -m tests.faults.kill_points --operation add-tag --point 7 --seed 1

`points` numbers the touches by itself; `worker` is the process that dies, and the one that goes on. `scenarios` holds
the work of each operation, `stage` what stands around it; `trial` is one death, `series` many of them. `checker` is the
promise: it compares the journals of both stand-ins (`evidence`) with what the jobs ordered (`orders`).
"""
