"""FetchXML, run as the Web API of Dataverse runs it.

grammar → parsing → planning → running: text, what it asks for, what that means in this environment, rows

* `conditions` has the table of operators, a file for each group; `filters` puts conditions together.
* `links` joins rows, `ordering` and `paging` say which of them come, `showing` how, `aggregates` counts them.
* `perspective` is who asks and when: time zone, week, fiscal year, teams.
* `assumptions` has what no source settles.

What Dataverse has and the stand-in does not is refused, never ignored.
"""
