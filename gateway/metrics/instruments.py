"""The catalogue's metrics as prometheus-client counts them."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gateway.metrics.catalogue import Kind, Metric

MOST_NAMES = 100
"""Values of one label that are told apart. People may choose among an owner's models: that is no
endless list, but nothing here bounds it. What comes beyond is counted as `OTHERS`."""

OTHERS = "others"


class Instruments:
    """Makes these metrics in a registry, and counts in them, from any thread."""

    def __init__(self, registry: CollectorRegistry, *metrics: Metric) -> None:
        self._made = {metric: _made(metric, registry) for metric in metrics}
        self._children: dict[tuple[Metric, tuple[str, ...]], Counter | Gauge | Histogram] = {}

    @property
    def metrics(self) -> frozenset[Metric]:
        """What is counted."""
        return frozenset(self._made)

    def add(self, metric: Metric, *labels: str, by: float = 1.0) -> None:
        """A counter grows."""
        child = self._child(metric, labels)
        assert isinstance(child, Counter)
        child.inc(by)

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """A histogram is given a value."""
        child = self._child(metric, labels)
        assert isinstance(child, Histogram)
        child.observe(value)

    def put(self, metric: Metric, value: float, *labels: str) -> None:
        """A gauge stands at a value."""
        child = self._child(metric, labels)
        assert isinstance(child, Gauge)
        child.set(value)

    def _child(self, metric: Metric, labels: tuple[str, ...]) -> Counter | Gauge | Histogram:
        child = self._children.get((metric, labels))
        if child is None:
            made = self._made[metric]
            child = made.labels(*labels) if labels else made
            self._children[metric, labels] = child
        return child


class Names:
    """A label's values, which stay few."""

    def __init__(self, most: int = MOST_NAMES) -> None:
        self._most = most
        self._known: set[str] = set()

    def __call__(self, name: str) -> str:
        """The value to count a name under."""
        if name not in self._known:
            if len(self._known) >= self._most:
                return OTHERS
            self._known.add(name)
        return name


def _made(metric: Metric, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    name, text, labels = metric.name, metric.help, metric.labels
    match metric.kind:
        case Kind.COUNTER:
            return Counter(name, text, labels, registry=registry)
        case Kind.GAUGE:
            return Gauge(name, text, labels, registry=registry)
        case Kind.HISTOGRAM:
            return Histogram(name, text, labels, registry=registry, buckets=metric.buckets)
