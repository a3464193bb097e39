"""Forms and their versions as resources of the API."""

from __future__ import annotations

from workbench.sandbox.api.account_bodies import instant
from workbench.sandbox.api.jsonapi import Body, resource, to_many, to_one
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.days import HOUR
from workbench.sandbox.shop.forms import FormVersion

__all__ = [
    "encoded_form_body",
    "form_body",
    "form_event",
    "form_status",
    "form_updated",
    "form_version_body",
    "version_status",
    "version_updated",
    "versions_of",
]


def versions_of(snapshot: Snapshot, form: int) -> list[int]:
    """Rows of the versions of a form that exist at the instant."""
    versions = snapshot.shop.forms.versions
    return [
        row
        for row, version in enumerate(versions)
        if version.form == form and version.created_at <= snapshot.now
    ]


def version_status(snapshot: Snapshot, version: FormVersion) -> str:
    """Live while visitors see it, a draft otherwise."""
    return "live" if version.is_live(snapshot.now) else "draft"


def version_updated(snapshot: Snapshot, version: FormVersion) -> int:
    """UTC second at which a version was changed last: finished, or taken off the shop."""
    if version.created_at < version.ended_at <= snapshot.now:
        return version.ended_at
    return min(version.created_at + HOUR, snapshot.now)


def form_status(snapshot: Snapshot, form: int) -> str:
    """Live when one of its versions is."""
    versions = snapshot.shop.forms.versions
    is_live = any(versions[row].is_live(snapshot.now) for row in versions_of(snapshot, form))
    return "live" if is_live else "draft"


def form_updated(snapshot: Snapshot, form: int) -> int:
    """UTC second at which a version of a form was changed last."""
    versions = snapshot.shop.forms.versions
    changes = [version_updated(snapshot, versions[row]) for row in versions_of(snapshot, form)]
    return max(changes, default=snapshot.shop.forms.forms[form].created_at)


def form_body(snapshot: Snapshot, row: int, *, base: str) -> Body:
    """One form."""
    form, versions = snapshot.shop.forms.forms[row], snapshot.shop.forms.versions
    ids = [versions[each].id for each in versions_of(snapshot, row)]
    related = [to_many("form-versions", "form-version", ids)]
    return resource(base, "form", form.id, _form_attributes(snapshot, row), related)


def encoded_form_body(snapshot: Snapshot, row: int, *, base: str) -> Body:
    """One form that was asked for by its id: with its definition, without relationships."""
    versions = [
        _definition(snapshot, snapshot.shop.forms.versions[each])
        for each in versions_of(snapshot, row)
    ]
    attributes = {**_form_attributes(snapshot, row), "definition": {"versions": versions}}
    return resource(base, "form", snapshot.shop.forms.forms[row].id, attributes)


def form_version_body(snapshot: Snapshot, row: int, *, base: str) -> Body:
    """One version of a form."""
    version = snapshot.shop.forms.versions[row]
    attributes = {
        "form_type": version.form_type,
        "variation_name": version.name,
        "ab_test": {"variation_name": version.variation} if version.variation else None,
        "status": version_status(snapshot, version),
        "created_at": instant(version.created_at),
        "updated_at": instant(version_updated(snapshot, version)),
    }
    form = snapshot.shop.forms.forms[version.form]
    return resource(base, "form-version", version.id, attributes, [to_one("form", "form", form.id)])


def form_event(version: FormVersion, *, form_id: str, at: int, steps: int) -> Body:
    """The properties of an event of a form.

    Args:
        version: whose it is.
        form_id: id of its form.
        at: UTC second of the event.
        steps: how many steps were submitted; 0 for a view or a close, which is of the first.

    Source of the names: events of Klaviyo accounts as public connectors read them.
    """
    number = max(steps, 1)
    return {
        "$event_id": f"{version.id}:{at}",
        "form_id": form_id,
        "form_version_id": int(version.id),
        "form_type": version.form_type,
        "step_name": version.steps[number - 1],
        "step_number": number,
        "page_url": "https://shop.example.com/",
        "hostname": "shop.example.com",
    }


def _form_attributes(snapshot: Snapshot, row: int) -> Body:
    form, versions = snapshot.shop.forms.forms[row], snapshot.shop.forms.versions
    return {
        "name": form.name,
        "status": form_status(snapshot, row),
        "ab_test": any(versions[each].variation for each in versions_of(snapshot, row)),
        "created_at": instant(form.created_at),
        "updated_at": instant(form_updated(snapshot, row)),
    }


def _definition(snapshot: Snapshot, version: FormVersion) -> Body:
    """What a version is made of: a field and a button a step."""
    last = len(version.steps) - 1
    return {
        "id": int(version.id),
        "name": version.name,
        "type": version.form_type,
        "status": version_status(snapshot, version),
        "ab_test": bool(version.variation),
        "steps": [
            _step(name, f"{version.id}-{number}", is_last=number == last)
            for number, name in enumerate(version.steps)
        ],
    }


def _step(name: str, step_id: str, *, is_last: bool) -> Body:
    field = "email" if name == "E-mail" else "phone_number"
    asked = {"type": field, "properties": {"label": name, "property_name": f"${field}"}}
    action = {"type": "next_step", "submit": True}
    pressed = {
        "type": "button",
        "properties": {"label": "Sign up" if is_last else "Next"},
        "action": action,
    }
    return {
        "id": step_id,
        "name": name,
        "columns": [{"rows": [{"blocks": [asked]}, {"blocks": [pressed]}]}],
    }
