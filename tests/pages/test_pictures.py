"""Figures of pages: drawn once for what they show."""

from matplotlib.figure import Figure

from pages._ui import pictures


def test_a_figure_is_drawn_once_for_what_it_shows(monkeypatch):
    drawn, shown = [], []
    monkeypatch.setattr(pictures.st, "image", lambda png, **_: shown.append(png))

    def draw(*heights, language):
        drawn.append((heights, language))
        chart = Figure()
        chart.subplots().bar(range(len(heights)), heights)
        return chart

    for heights, language in [((1, 2), "fr"), ((1, 2), "fr"), ((3, 2), "fr"), ((1, 2), "en")]:
        pictures.figure(draw, "two_bars", *heights, language=language)
    assert drawn == [((1, 2), "fr"), ((3, 2), "fr"), ((1, 2), "en")]
    assert shown[0] == shown[1] != shown[2]
    assert shown[0].startswith(b"\x89PNG")
