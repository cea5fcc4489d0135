"""Simulated days: the whole connector in one process, while people, systems and machines do what they like.

    days.py      the days: what happens when, and the functions and timers of the app in between
    acts.py      what people do, in both systems
    lists.py     Marketing Lists, and what people do with them
    website.py   companies that visit the website
    storms.py    outages, lost answers and crashes
    checks.py    what is promised in the end

Everything follows from one seed. `python -m tests.faults.days --seed 3 --days 365` repeats a run.
"""
