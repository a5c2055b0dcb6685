"""What is found out about the terminal, and pictures without one."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from console.tui.app import ConsoleApp
from console.tui.present.cells import TONES
from console.tui.screenshot import render_svg
from console.tui.svg import tidied
from console.tui.terminal import Terminal, Wishes, examine, refusal
from console.tui.themes import DARK, LIGHT, THEMES, fallback_variables
from console.tui.widgets.tones import MADE_OF
from pantry_queue.config import Settings
from tests.tui.support import FixedSource


@pytest.mark.parametrize(
    ("environ", "ttys", "reason"),
    [
        ({"TERM": "xterm"}, (True, True), None),
        ({}, (True, True), None),
        ({"TERM": "dumb"}, (True, True), "TERM=dumb"),
        ({"TERM": "xterm"}, (False, True), "standard input"),
        ({"TERM": "xterm"}, (True, False), "standard error"),
    ],
)
def test_where_it_cannot_start(environ: dict[str, str], ttys: tuple[bool, bool], reason: str | None) -> None:
    said = refusal(environ, stdin_tty=ttys[0], screen_tty=ttys[1])
    assert (said is None) == (reason is None)
    if said is not None and reason is not None:
        assert reason in said
        assert "pantry-console status" in said


@pytest.mark.parametrize(
    ("encoding", "ascii_only"),
    [("utf-8", False), ("UTF-8", False), ("utf8", False), ("ascii", True), ("latin-1", True), (None, True)],
)
def test_encodings(encoding: str | None, ascii_only: bool) -> None:
    assert examine({}, encoding).ascii_only == ascii_only


def test_what_the_environment_asks_for() -> None:
    assert examine({"PANTRY_ASCII": "1"}, "utf-8").ascii_only
    assert not examine({"PANTRY_ASCII": "0"}, "utf-8").ascii_only
    assert examine({"NO_COLOR": "1"}, "utf-8").no_color
    assert examine({}, "utf-8", Wishes(no_color=True)).no_color
    assert examine({}, "utf-8", Wishes(ascii_only=True)).ascii_only
    assert not examine({"NO_COLOR": ""}, "utf-8").no_color
    assert examine({"PANTRY_THEME": "light"}, "utf-8").theme == LIGHT.name
    assert examine({"PANTRY_THEME": "no such"}, "utf-8").theme is None
    assert examine({}, "utf-8").animations
    assert not examine({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "utf-8").animations


@pytest.mark.parametrize("no_color", [True, False])
def test_the_option_against_colours_leaves_none(no_color: bool) -> None:
    app = ConsoleApp(Settings(), source=FixedSource(), look=Terminal(no_color=no_color))
    segments = [Segment("no worker", Style.parse("bold red on blue"))]
    for line_filter in app.get_line_filters():
        segments = line_filter.apply(segments, Color(0, 0, 0))
    style = segments[0].style
    assert style is not None
    assert style.bold
    assert (style.color is not None and style.color.is_default) == no_color


def test_every_theme_knows_every_colour() -> None:
    used = {name for look in MADE_OF.values() for name in (look.colour, look.ground) if name}
    for theme in THEMES:
        assert used <= set(theme.variables), theme.name
    assert set(fallback_variables()) >= used
    assert set(MADE_OF) == set(TONES)


def test_a_picture_has_no_outside_font_and_every_word() -> None:
    settings = replace(Settings(), redis_url="redis://cache-1:6379/2")
    picture = render_svg(settings, (120, 40), ("3", "f", "enter"), source=FixedSource(), notice="demo & more")
    root = ET.fromstring(picture)
    words = " ".join("".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "SMTPRecipientsRefused" in words
    assert "demo" in words
    assert "url(http" not in picture.replace('"', "")
    assert "@font-face" not in picture


def test_shapes_stand_on_their_cells() -> None:
    start = '<text class="a-r1" x="12.2" y="44.4" textLength="97.6" clip-path="url(#l)">'
    made = tidied(f"{start}&#160;&#160;ab&#160;c&#160;&#160;⣿█</text>")
    assert '<text class="a-r1" x="36.6" y="44.4" textLength="48.8" clip-path="url(#l)">ab&#160;c</text>' in made
    assert made.count("<path") == 2
    assert 'd="M110.8' not in made
    assert f'd="M{12.2 + 9 * 12.2:.1f} 25.9h12.2v24.4h-12.2z"' in made
    assert tidied("<svg/>") == "<svg/>"


def test_dark_is_dark_and_light_is_light() -> None:
    assert DARK.dark
    assert not LIGHT.dark
