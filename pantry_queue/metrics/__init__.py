"""The deployment as Prometheus metrics. Reads only; `collector.DeploymentCollector` is the door."""
