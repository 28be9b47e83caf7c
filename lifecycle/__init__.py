"""The harness around the dbt project: generate, load, build, fit, summary."""

__version__ = "0.5.0"
