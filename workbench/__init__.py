"""Analytics workbench for Klaviyo accounts: sync, metrics, forecasts, reports and dashboards."""

__version__ = "0.1.0"
