"""The console: the whole running system on one page, for people who want to see it move.

    __main__.py     a process of its own, started by `python -m sandbox run`
    app.py          the routes                          guard.py    who may ask: this machine's browser, nobody else
    pages.py        the four columns, each a view       live.py     tells open pages what has changed
    acts.py, ...    what the buttons do                 state.py    what a page shows, as its address says
    systems.py      the stand-ins, over HTTP and AMQP   commands.py the connector's command line

It talks to the stand-ins as anybody can: through their public APIs and their side doors below `/_sandbox/`.
"""
