"""From what is known of past elections to what is expected of the one to come."""

from __future__ import annotations

import numpy as np

from analysis.electorate.abstention.multilevel import Posterior
from analysis.electorate.abstention.resemblance import Link
from analysis.electorate.abstention.transform import MEASURED_SPREAD

# Share of départements within a usual distance of the mean.
USUAL_DISTANCE = 0.9


def project(known: Posterior, links: tuple[Link, Link, Link]) -> tuple[np.ndarray, np.ndarray]:
    """Return the expected effect at the target of every bureau, and its variance."""
    bureau, commune, department = links
    tree = known.tree
    effect = (
        known.bureau @ bureau.weights
        + (
            known.commune @ commune.weights
            + (known.department @ department.weights)[tree.department]
        )[tree.commune]
    )
    # What is put down to the bureau is taken from those above it, error for error; the only
    # bureau of a commune has no other to tell the two apart.
    own, town, _ = known.covariances
    alone = tree.alone[tree.commune]
    moved = own @ bureau.weights + alone[:, None] * (town @ commune.weights)
    drawn = (known.info @ moved[:, :, None])[:, :, 0]
    variance = bureau.left + commune.left + bureau.weights @ own @ bureau.weights
    variance = variance - np.einsum("ni,ni->n", drawn, moved)
    variance[alone] += commune.weights @ town @ commune.weights
    top = department.weights - drawn
    rest = commune.weights - drawn[~alone]
    moved = rest @ town
    told = (known.commune_info[tree.commune[~alone]] @ moved[:, :, None])[:, :, 0]
    variance[~alone] += np.einsum("ni,ni->n", rest, moved) - np.einsum("ni,ni->n", told, moved)
    top[~alone] -= told
    above = tree.department[tree.commune]
    told = (known.department_var[above] @ top[:, :, None])[:, :, 0]
    variance += np.einsum("ni,ni->n", top, told)
    variance += department.left * _strays(known.department, department)[above]
    return effect, MEASURED_SPREAD**2 * variance


def _strays(effects: np.ndarray, department: Link) -> np.ndarray:
    """Return how much more than usual each département may stray, as a factor of variance.

    One further from the mean than nine in ten (overseas, abroad) is expected to move more,
    in proportion to its squared distance.
    """
    distance = np.einsum("ni,ni->n", effects, np.linalg.solve(department.covariance, effects.T).T)
    usual = max(float(np.quantile(distance, USUAL_DISTANCE)), 1e-12)
    return np.maximum(distance / usual, 1.0)
