"""Classes hold what their labels say; colours tell them apart for every eye."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.charts.colours import classes, ramp
from analysis.errors import DataError

numbers = st.lists(
    st.floats(-1e6, 1e6) | st.just(float("nan")) | st.just(0.0), min_size=0, max_size=60
)
# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}


def lab(colours, eye):
    """CIELAB of hex colours as one kind of eye sees them."""
    rgb = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ BLINDNESS[eye].T, 0, 1)
    xyz = (
        seen
        @ np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]).T
        / np.array([0.9505, 1.0, 1.089])
    )
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.column_stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])]
    )


@example([1e-253, 0.0, 562949.9665596581], 2, "quantile")
@given(numbers, st.integers(2, 9), st.sampled_from(["quantile", "equal-interval"]))
def test_every_value_lies_in_the_class_its_label_names(values, n, scheme):
    graded = classes(values, n=n, scheme=scheme)
    assert graded.index.dtype == np.uint8
    assert len(graded.palette) == len(graded.labels) == max(len(graded.breaks), 1)
    assert len(graded.palette) <= n + 1
    for value, index in zip(values, graded.index, strict=True):
        if np.isnan(value):
            assert index == 0
            continue
        low, high = graded.breaks[index - 1 : index + 1]
        last = index == len(graded.breaks) - 1
        assert low <= value < high or (last and low <= value <= high)


@example([1.0, 1.0, 1.0, 1.0, 2.0])
@given(numbers)
def test_opposite_differences_get_mirrored_classes(values):
    there = classes(values, n=7, palette="diverging")
    limits = np.array(there.breaks)
    assert limits == pytest.approx(-limits[::-1])
    back = classes(np.negative(values), n=7, palette="diverging")
    known = ~np.isnan(values)
    assert (there.index[known] + back.index[known] == len(there.palette)).all()
    signs = np.array(values)[known]
    if signs.round(6).any():
        highest, lowest = there.index[known][signs.argmax()], there.index[known][signs.argmin()]
        assert highest >= lowest
        # On one side of 0, values that repeat leave fewer classes: all may share one.
        assert highest > lowest or signs.min() * signs.max() >= 0


def test_quantile_classes_hold_as_many_values_each():
    graded = classes(np.arange(700.0), n=7)
    # Limits are rounded to what the legend shows, so a value may change sides.
    assert np.bincount(graded.index)[1:] == pytest.approx([100] * 7, abs=1)


def test_labels_follow_the_language():
    assert classes([0.0, 1000.5, 2001], n=2).labels[1:] == (
        "0 à 1\u202f000",
        "1\u202f000 à 2\u202f001",
    )
    assert classes([0.0, 0.15, 0.3], n=2, language="en").labels[2] == "0.150 to 0.300"
    assert classes([-1.0, 1.0], n=3, palette="diverging", language="en").labels == (
        "no data", "−1.00 to −0.33", "−0.33 to +0.33", "+0.33 to +1.00",
    )  # fmt: skip


def test_missing_and_constant_values():
    assert classes([np.nan, np.inf]).index.tolist() == [0, 0]
    one = classes([3.0, 3.0, np.nan], language="en")
    assert (one.index.tolist(), one.labels) == ([1, 1, 0], ("no data", "3.0"))


def test_few_values_apart_from_many_alike_have_a_class_of_their_own():
    found = classes([0, 0, 0, 0, 0, 0, 0, 0, 17], language="en")
    assert found.index.tolist() == [1] * 8 + [2]
    assert found.labels[1:] == ("0.0 to 8.5", "8.5 to 17.0")


def test_two_values_are_no_seven_classes():
    found = classes([85.5, 101.8], language="en")
    assert found.index.tolist() == [1, 2]
    assert len(found.labels) == 3


@pytest.mark.parametrize(
    ("n", "palette"), [(1, "sequential"), (10, "sequential"), (4, "diverging")]
)
def test_impossible_numbers_of_classes_are_refused(n, palette):
    with pytest.raises(DataError, match="2 to 9"):
        classes([1.0, 2.0], n=n, palette=palette)


@pytest.mark.parametrize("eye", BLINDNESS)
def test_neighbouring_classes_differ_for_every_eye_and_on_grey_paper(eye):
    seen = lab(ramp(7), eye)
    assert (np.diff(seen[:, 0]) < -5).all(), "each class is clearly darker than the one before"
    assert np.linalg.norm(np.diff(seen, axis=0), axis=1).min() > 10


@pytest.mark.parametrize("eye", BLINDNESS)
def test_the_two_sides_of_a_difference_are_not_confused(eye):
    seen = lab(ramp(7, palette="diverging"), eye)
    assert np.linalg.norm(seen - seen[::-1], axis=1)[[0, 1, 2]].min() > 10


def test_a_difference_on_a_limit_counts_as_a_difference():
    graded = classes([-3.0, -1.0, 0.0, 1.0, 3.0], n=3, scheme="equal-interval", palette="diverging")
    assert graded.breaks == (-3.0, -1.0, 1.0, 3.0)
    assert graded.index.tolist() == [1, 1, 2, 3, 3]
