"""Ridge regression in closed form of many series on columns they share and columns of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.forecast.models.features import Design
from workbench.forecast.planned import Planned

__all__ = ["Equations", "equations"]

Floats = NDArray[np.float64]

_HALF_LIFE = 500.0  # steps after which an observation counts half
_PLANNED = 1.0  # observations that say that a planned column has no effect
_LEFT_OUT = 1e9  # observations against a column that a short history cannot tell from others
_GRID = 1.05  # series whose lengths differ by less share their matrix


@dataclass(frozen=True, slots=True)
class Equations:
    """The normal equations of all series, ready to be solved for any target.

    Series that begin at nearly the same step share the products of the shared columns: of each up
    to a twentieth, the oldest, is left out. The columns of their own are eliminated one series at
    a time (Schur complement), as arrays.

    Attributes:
        x: (t, columns) the shared columns up to the origin, times the weights.
        own: (n, q, t) the columns of their own, times the weights.
        used: (n, t) steps that count; those before a series begins do not.
        group: (n) which matrix a series uses.
        inverse: (groups, columns, columns) of the weighted products and penalties.
        cross: (n, q, columns) products of a series' own columns with the shared ones.
        rest: (n, q, q) inverse of what the shared columns leave of the own columns' products.
        leverage: (n, t) or (1, t) how much a step decides of its own fit, 0 to 1.
    """

    x: Floats
    own: Floats
    used: NDArray[np.bool_]
    group: NDArray[np.int64]
    inverse: Floats
    cross: Floats
    rest: Floats
    leverage: Floats

    def solved(self, target: Floats) -> tuple[Floats, Floats]:
        """(n, columns) and (n, q), the coefficients; ``target`` (n, t) is 0 where not used."""
        shared = target @ self.x
        if not self.own.shape[1]:
            return self.explained(shared), np.zeros((len(target), 0))
        own = np.einsum("nqt,nt->nq", self.own, target)
        left = own - np.einsum("nqp,np->nq", self.cross, self.explained(shared))
        gamma = np.einsum("nqr,nr->nq", self.rest, left)
        planned = np.einsum("nqp,nq->np", self.cross, gamma)
        return self.explained(shared - planned), gamma

    def explained(self, values: Floats) -> Floats:
        """(n, ..., columns) what the shared columns alone make of these products with them."""
        return _by_group(values, group=self.group, inverse=self.inverse)


def equations(
    design: Design,
    planned: Planned,
    *,
    lengths: NDArray[np.int64],
    t: int,
    strengths: Sequence[float] = (1.0,),
) -> list[Equations]:
    """Make them for series that end at step ``t`` and are ``lengths`` steps long.

    Args:
        design: the columns that all series share.
        planned: those of their own.
        lengths: of the series, in steps.
        t: steps up to the origin.
        strengths: by which the penalty of the holidays is multiplied; the equations of each.

    Source: Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, equation 3.44.
    """
    weight = np.asarray(0.5 ** ((t - 1.0 - np.arange(t)) / _HALF_LIFE), dtype=np.float64)
    sizes, group = np.unique(_on_grid(lengths), return_inverse=True)
    x = design.x[:t]
    used = np.arange(t) >= t - sizes[group][:, None]
    plan = planned.x[:, :, :t]
    own = np.where(used[:, None], plan * weight, 0.0)
    cross = own @ x
    products = own @ plan.transpose(0, 2, 1) + _PLANNED * np.eye(own.shape[1])
    alone = own * plan / np.einsum("nqq->nq", products)[:, :, None]
    weighted = x * weight[:, None]

    def made(inverse: Floats, leverage: Floats) -> Equations:
        shared = cross @ _by_group(cross, group=group, inverse=inverse).transpose(0, 2, 1)
        by_series = leverage[group] if len(sizes) > 1 else leverage
        return Equations(
            x=weighted,
            own=own,
            used=used,
            group=group,
            inverse=inverse,
            cross=cross,
            rest=np.asarray(np.linalg.inv(products - shared), dtype=np.float64),
            leverage=np.maximum(by_series, alone.max(axis=1)) if own.shape[1] else by_series,
        )

    by_size = _inverses(design, sizes=sizes, weight=weight, strengths=strengths)
    return [
        made(np.stack([inverse for inverse, _ in of]), np.stack([leverage for _, leverage in of]))
        for of in zip(*by_size, strict=True)
    ]


def _on_grid(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The next lower step of a grid whose steps grow by a twentieth."""
    power = np.floor(np.log(np.maximum(lengths, 1)) / np.log(_GRID) + 1e-9)
    return np.asarray(np.minimum(lengths, np.ceil(_GRID**power)), dtype=np.int64)


def _inverses(
    design: Design, *, sizes: NDArray[np.int64], weight: Floats, strengths: Sequence[float]
) -> Iterator[list[tuple[Floats, Floats]]]:
    """For each size of history, and in it for each strength: (columns, columns) and (t)."""
    t = len(weight)
    x = design.x[:t]
    rows = x * np.sqrt(weight)[:, None]
    products = np.zeros((x.shape[1], x.shape[1]))
    begun = t
    for size in sizes:  # ascending: each group adds older steps
        older = rows[t - size : begun]
        products = products + older.T @ older
        begun = t - size
        penalty = np.where(design.needs > size, _LEFT_OUT, design.penalty)
        added = np.where(design.part == "holidays", design.penalty, 0.0)
        yield _regularized(products + np.diag(penalty), rows, added=added, strengths=strengths)


def _regularized(
    products: Floats, rows: Floats, *, added: Floats, strengths: Sequence[float]
) -> list[tuple[Floats, Floats]]:
    """For each strength, the inverse and the leverages where so much more is against a column.

    Products and penalties are made diagonal together, so that further strengths cost little.

    Source: Golub & Van Loan, Matrix Computations, section 8.7 (symmetric-definite pencils).
    """
    if len(strengths) == 1:
        penalized = products + np.diag((strengths[0] - 1.0) * added)
        inverse = np.asarray(np.linalg.inv(penalized), dtype=np.float64)
        return [(inverse, np.einsum("tp,tp->t", rows @ inverse, rows))]
    root = np.linalg.inv(np.linalg.cholesky(products))
    values, vectors = np.linalg.eigh((root * added) @ root.T)
    basis = root.T @ vectors
    shrunk = [1.0 / (1.0 + (strength - 1.0) * np.maximum(values, 0.0)) for strength in strengths]
    leverages = (rows @ basis) ** 2 @ np.stack(shrunk, axis=1)
    return [(basis * kept @ basis.T, leverages[:, at]) for at, kept in enumerate(shrunk)]


def _by_group(values: Floats, *, group: NDArray[np.int64], inverse: Floats) -> Floats:
    """(n, ..., columns) the rows of each series times the inverse of its group."""
    if len(inverse) == 1:
        return np.asarray(values @ inverse[0])
    product = np.empty_like(values)
    for at, matrix in enumerate(inverse):
        rows = group == at
        product[rows] = values[rows] @ matrix
    return product
