"""A sync as people read it, and as programs do."""

from __future__ import annotations

from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from workbench.sync import Proof, StreamCount, SyncSummary

__all__ = ["print_summary", "summary_facts"]


def print_summary(summary: SyncSummary) -> None:
    """The streams of a sync as a table, and below it what a person should know."""
    Console().print(_streams(summary))
    for stream, reason in summary.refused.items():
        print(f"{summary.ended[stream].status}: {stream}: {reason}")
    for note in summary.notes:
        print(f"note: {note}")
    if summary.proof is not None:
        print(_proof(summary.proof))
    total = summary.total
    print(
        f"{total.new:,} new and {total.changed:,} changed of {total.read:,} rows read,"
        f" {summary.requests:,} requests, {summary.seconds:.1f} s"
    )


def _proof(proof: Proof) -> str:
    days = proof.proven + proof.repaired + proof.explained + proof.differing
    return (
        f"proof: {days:,} days of metrics compared with Klaviyo's own counts: {proof.proven:,}"
        f" equal, {proof.repaired:,} repaired, {proof.explained:,} explained,"
        f" {proof.differing:,} differ"
    )


def _streams(summary: SyncSummary) -> Table:
    table = Table(title=f"Account {summary.account_id}, up to {summary.as_of:%Y-%m-%d %H:%M} UTC")
    for heading in ("stream", "read", "new", "changed", "requests", "seconds", "note"):
        table.add_column(heading, justify="left" if heading in {"stream", "note"} else "right")
    for name, end in summary.ended.items():
        count = summary.streams.get(name, StreamCount())
        table.add_row(
            name,
            f"{count.read:,}",
            f"{count.new:,}",
            f"{count.changed:,}",
            f"{end.requests:,}",
            f"{end.seconds:.1f}",
            "" if end.status == "done" else end.status,
        )
    return table


def summary_facts(summary: SyncSummary) -> dict[str, object]:
    """The same for JSON."""
    return {
        "run_id": summary.run_id,
        "account_id": summary.account_id,
        "status": summary.status,
        "as_of": summary.as_of.isoformat(),
        "streams": {
            name: {
                "status": end.status,
                "read": count.read,
                "new": count.new,
                "changed": count.changed,
                "requests": end.requests,
                "requests_refused": end.requests_refused,
                "seconds": round(end.seconds, 3),
            }
            for name, end in summary.ended.items()
            for count in [summary.streams.get(name, StreamCount())]
        },
        "refused": summary.refused,
        "failed": {stream: error.message for stream, error in summary.failed.items()},
        "notes": summary.notes,
        "proof": None if summary.proof is None else asdict(summary.proof),
        "requests": summary.requests,
        "seconds": round(summary.seconds, 3),
    }
