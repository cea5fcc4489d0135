"""Which names in a query the connector does not send: Microsoft's parser cannot see into texts and Properties."""

import re

from connector.telemetry.names import LOG_DIMENSIONS, METRICS

_METRIC = re.compile(r'["\'](spotler\.[\w.]*)["\']')
_DIMENSION = re.compile(r"Properties(?:\.(\w+)|\[[\"'](\w+)[\"']\])")
#: Where one reading of a table ends, so that dimensions belong to the metrics beside them.
_PARTS = re.compile(r"\b(?=AppMetrics\b|AppTraces\b|AppExceptions\b|AppRequests\b)")
#: A prefix stands for all metrics that begin with it.
_PREFIX = re.compile(r'startswith\s+["\']spotler\.["\']')


def unknown_names(query: str) -> list[str]:
    """The metrics and dimensions of this query that the connector does not have."""
    query = _PREFIX.sub("", re.sub(r"^\s*//.*$", "", query, flags=re.MULTILINE))
    found: list[str] = []
    for part in _PARTS.split(query):
        metrics = _METRIC.findall(part)
        found += [f"metric {name}" for name in metrics if name not in METRICS]
        for pair in _DIMENSION.findall(part):
            name = pair[0] or pair[1]
            if part.startswith("AppTraces"):
                found += [] if name in LOG_DIMENSIONS else [f"log dimension {name}"]
            elif part.startswith("AppMetrics"):
                known = {dimension for each in metrics if each in METRICS for dimension in METRICS[each].dimensions}
                found += [] if name in known else [f"dimension {name} of {', '.join(metrics)}"]
    return found
