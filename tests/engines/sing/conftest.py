"""Lyrics and lines that several tests of singing share."""

from __future__ import annotations

import pytest

from cadenza.domain.request import GenerationRequest, Specified, Voice
from cadenza.engines.embedded.compose.compose import compose
from cadenza.engines.embedded.perform.perform import perform
from cadenza.engines.embedded.songs.song import plan_song

LYRICS = """[Verse 1]
Walking down the empty street tonight
Every window holds a little light
I can hear the river calling me
Somewhere out beyond the orchard tree

[Chorus]
Hold me now, don't let me fall (let me fall)
I can hear you through the wall

[Verse 2]
Seven days of rain upon the glass
Watching all the silent trains go past

[Chorus]
"""


@pytest.fixture(scope="session")
def planned():
    """Return plan, score and performance of a song with words; cheap, nothing sounds."""

    def plan(*, style="pop, 100 bpm", lyrics=LYRICS, voice=Voice.FEMALE, seed=3, take=0, duration_s=None):
        request = GenerationRequest(
            wish=Specified(title="", style=style, lyrics=lyrics),
            tier="v5",
            voice=voice,
            duration_s=duration_s,
        )
        plan = plan_song(request, seed=seed, take_index=take)
        score = compose(plan.brief, plan.dice, plan.slots, plan.compass)
        return plan, score, perform(score, plan.brief, plan.dice)

    return plan
