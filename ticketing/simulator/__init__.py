"""A simulated world: a year of a made-up repair company that sends real commands to a real store."""

from ticketing.simulator.chance import Chance, SimulatedClock
from ticketing.simulator.run import World, simulate
from ticketing.simulator.story import Knowledge, StoryLine, compare_knowledge, tell_story

__all__ = [
    "Chance",
    "Knowledge",
    "SimulatedClock",
    "StoryLine",
    "World",
    "compare_knowledge",
    "simulate",
    "tell_story",
]
