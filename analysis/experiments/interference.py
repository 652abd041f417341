"""Do neighbours feel a canvass? The share of treated neighbours, under the draw that made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analysis.errors import DataError
from analysis.experiments.assignment import Lottery
from analysis.experiments.estimators import Floats, Layout
from analysis.experiments.trial_words import outcome_name, points, say
from analysis.i18n import format_number

# An exposure that a unit seldom has weighs too much when it has it.
_SELDOM = 0.02
_TIE = 1e-9
_FEWEST = 20
_NUMBERS = 4_000_000  # of dense shares held at once


@dataclass(frozen=True)
class Spillover:
    """What the share of treated neighbours changed in an outcome.

    Attributes
    ----------
    outcome
        Its name.
    slope, p_slope
        Change from no neighbour treated to all of them, the own arm held fixed, and its
        p-value by drawing again under no spill-over and one own effect for all.
    own
        Effect of the own arm, the neighbours held at their expected share.
    contrast, p_contrast
        Among controls: many treated neighbours less few, weighted by the inverse of the
        probability of either (Hájek); nan where too few units could have both.
    exposed, unexposed
        Controls with many and few treated neighbours that are compared.
    cut
        Share of treated neighbours that counts as many.
    n, alone
        Units with neighbours and an outcome; units without any neighbour, left out.
    draws
        Number of draws.
    in_points
        Whether the outcome is a share.
    """

    outcome: str
    slope: float
    p_slope: float
    own: float
    contrast: float
    p_contrast: float
    exposed: int
    unexposed: int
    cut: float
    n: int
    alone: int
    draws: int
    in_points: bool

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON knows it; null is not defined."""
        return {
            key: None if isinstance(value, float) and not np.isfinite(value) else value
            for key, value in asdict(self).items()
        }

    def sentence(self, language: str = "en") -> str:
        """Say whether neighbours felt the canvass, and what the own effect is beside it."""
        key = "spillover" if self.p_slope <= 0.05 else "no_spillover"  # noqa: PLR2004 - usual
        told = {name: self._told(getattr(self, name), language) for name in ("slope", "own")}
        said = say(
            key,
            language,
            outcome=outcome_name(self.outcome, language),
            p=self.p_slope,
            n=self.n,
            draws=self.draws,
            **told,
        )
        if not np.isfinite(self.contrast):
            return f"{said} {say('contrast_none', language)}"
        among = say(
            "contrast",
            language,
            value=self._told(self.contrast, language),
            p=self.p_contrast,
            exposed=self.exposed,
            unexposed=self.unexposed,
            cut=100 * self.cut,
        )
        return f"{said} {among}"

    def _told(self, value: float, language: str) -> str:
        if self.in_points:
            return points(value, language=language)
        return format_number(value, 4, language=language, sign=True)


@dataclass(frozen=True)
class Exposure:
    """Who is near whom, and how the arms were drawn.

    Attributes
    ----------
    near
        Drawn units × drawn units: ones where the other is near; none on the diagonal.
    decided
        Of each drawn unit: near units that are in no draw, and how many of them were
        treated (units × 2).
    lottery
        The draw, units in the same order.
    """

    near: sparse.csr_array
    decided: Floats
    lottery: Lottery

    @property
    def count(self) -> Floats:
        """Near units of each unit."""
        return np.asarray(self.near.sum(axis=1)).ravel() + self.decided[:, 0]

    def share(self, arms: npt.NDArray[Any]) -> Floats:
        """Return the share of treated near units: draws × units, nan without any."""
        treated = arms.astype(float) @ self.near.T + self.decided[:, 1]
        with np.errstate(invalid="ignore"):
            return np.asarray(treated / np.where(self.count > 0, self.count, np.nan))


def judge_spillover(
    exposure: Exposure,
    assigned: Floats,
    outcomes: Mapping[str, Floats],
    *,
    rng: np.random.Generator,
    draws: int = 2000,
) -> tuple[Spillover, ...]:
    """Test whether outcomes follow the share of treated neighbours, one result per outcome.

    Parameters
    ----------
    exposure
        Who is near whom, and the draw.
    assigned
        0 or 1 per unit, in the order of the lottery.
    outcomes
        Name → values per unit, nan where missing.
    rng, draws
        For the draws.

    Returns
    -------
    tuple of Spillover
        In the order of `outcomes`; slopes in their unit.

    Raises
    ------
    DataError
        When too few units have a neighbour.

    Notes
    -----
    A unit in the middle of a quarter has other neighbours than one at its edge, so the share
    of treated neighbours is not random as it stands: what the draw is expected to give is
    taken off (Borusyak and Hull 2023), and probabilities of having many or few come from the
    declared draw (Aronow and Samii 2017). The test takes the estimated own effect off the
    treated, draws the arms again, and asks how often chance gives a slope as large (Bowers,
    Fredrickson and Panagopoulos 2013).

    References
    ----------
    Aronow, P. M., and Samii, C. (2017), Estimating average causal effects under general
    interference, *Annals of Applied Statistics* 11, 1912–1947.
    Borusyak, K., and Hull, P. (2023), Nonrandom exposure to exogenous shocks, *Econometrica*
    91, 2155–2185.
    Bowers, J., Fredrickson, M. M., and Panagopoulos, C. (2013), Reasoning about interference
    between units, *Political Analysis* 21, 97–124.
    """
    lottery = exposure.lottery
    has = exposure.count > 0
    if has.sum() < _FEWEST:
        raise DataError(
            "Too few units have a neighbour in the trial: spill-over cannot be judged.",
            where="{n} units with a neighbour",
            mend="Look farther: --spillover METRES.",
            n=int(has.sum()),
        )
    drawn = _Drawn(exposure, lottery.redraw(rng, draws))
    return tuple(_one(name, values, assigned, drawn) for name, values in outcomes.items())


@dataclass(frozen=True)
class _Drawn:
    """Arms drawn again, and the shares of treated neighbours that they give, some at a time."""

    exposure: Exposure
    arms: npt.NDArray[np.bool_]

    def parts(self, kept: npt.NDArray[np.bool_]) -> Iterator[tuple[Floats, Floats]]:
        """Give arms and shares of the units kept: draws × units, whole lots of draws."""
        step = max(1, _NUMBERS // self.arms.shape[1])
        for start in range(0, len(self.arms), step):
            some = self.arms[start : start + step]
            yield some[:, kept].astype(float), self.exposure.share(some)[:, kept]

    def mean(self, kept: npt.NDArray[np.bool_], of: Callable[[Floats, Floats], Floats]) -> Floats:
        """Return the mean over all draws of something made of arms and shares."""
        return np.asarray(sum(of(*part).sum(axis=0) for part in self.parts(kept)) / len(self.arms))


def _one(name: str, values: Floats, assigned: Floats, drawn: _Drawn) -> Spillover:
    has = drawn.exposure.count > 0
    kept = has & ~np.isnan(values)
    y, arm = values[kept], assigned[kept]
    share = drawn.exposure.share(assigned[None, :])[0][kept]
    expected = drawn.mean(kept, lambda _arms, shares: shares)
    lottery = drawn.exposure.lottery
    block = lottery.block[lottery.member][kept]
    layout = Layout.of(len(y), block=np.unique(block, return_inverse=True)[1])
    own, slope = _slopes(layout, y[None, :], arm[None, :], (share - expected)[None, :])
    # The own effect as it is if neighbours do not matter: that is what is tested.
    swept = layout.demean(arm)
    effect = float(swept @ y / (swept @ swept)) if (swept**2).sum() > 0 else 0.0
    bare = y - effect * arm
    null = [_slopes(layout, bare[None, :], z, e - expected)[1] for z, e in drawn.parts(kept)]
    cut = float(np.median(expected))
    value, p, exposed, unexposed = _contrast(bare, (arm, share), drawn, kept, cut)
    return Spillover(
        outcome=name,
        slope=float(slope[0]),
        p_slope=_p(float(slope[0]), np.concatenate(null)),
        own=float(own[0]),
        contrast=value,
        p_contrast=p,
        exposed=exposed,
        unexposed=unexposed,
        cut=cut,
        n=len(y),
        alone=int((~has).sum()),
        draws=len(drawn.arms),
        in_points=bool((np.abs(y) <= 1).all()),
    )


def _slopes(layout: Layout, y: Floats, arms: Floats, shares: Floats) -> tuple[Floats, Floats]:
    """Return the coefficients of own arm and neighbours' share within blocks, draw by draw."""
    to_block = sparse.csr_array(
        (np.ones(len(layout.block)), (np.arange(len(layout.block)), layout.block))
    )

    def swept(columns: Floats) -> Floats:
        return np.asarray(columns - (columns @ to_block / layout.mass)[:, layout.block])

    z, e, target = swept(arms), swept(shares), swept(y)
    zz, ee, ze = ((one * other).sum(axis=1) for one, other in ((z, z), (e, e), (z, e)))
    zy, ey = (z * target).sum(axis=1), (e * target).sum(axis=1)
    left = zz * ee - ze**2
    with np.errstate(divide="ignore", invalid="ignore"):
        own, slope = (zy * ee - ey * ze) / left, (ey * zz - zy * ze) / left
    flat = left <= _TIE * zz * ee
    return np.where(flat, 0.0, own), np.where(flat, 0.0, slope)


def _contrast(
    y: Floats,
    seen: tuple[Floats, Floats],
    drawn: _Drawn,
    kept: npt.NDArray[np.bool_],
    cut: float,
) -> tuple[float, float, int, int]:
    """Compare controls with many and few treated neighbours; nan where they are too few."""
    arm, share = seen
    high = drawn.mean(kept, lambda arms, shares: (arms == 0) & (shares > cut))
    low = drawn.mean(kept, lambda arms, shares: (arms == 0) & (shares <= cut))
    usable = (high > _SELDOM) & (low > _SELDOM)
    weights = [np.where(usable, 1 / np.where(usable, one, 1), 0.0) for one in (high, low)]

    def difference(arms: Floats, shares: Floats) -> Floats:
        means = []
        for place, weight in zip((shares > cut, shares <= cut), weights, strict=True):
            chosen = ((arms == 0) & place) * weight
            with np.errstate(divide="ignore", invalid="ignore"):
                means.append(chosen @ y / chosen.sum(axis=-1))
        return np.asarray(means[0] - means[1])

    exposed, unexposed = (
        int((usable & (arm == 0) & one).sum()) for one in (share > cut, share <= cut)
    )
    if min(exposed, unexposed) < 2:  # noqa: PLR2004 - a difference needs some on both sides
        return float("nan"), float("nan"), exposed, unexposed
    null = np.concatenate([difference(*part) for part in drawn.parts(kept)])
    value = float(difference(arm, share))
    return value, _p(value, null[np.isfinite(null)]), exposed, unexposed


def _p(value: float, null: Floats) -> float:
    return float((1 + (np.abs(null) >= abs(value) * (1 - _TIE)).sum()) / (1 + len(null)))
