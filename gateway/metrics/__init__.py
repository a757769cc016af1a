"""What a gateway can be seen to do, in figures, as Prometheus collects them."""
