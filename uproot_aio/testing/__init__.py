"""For authors' tests: players without a browser, over the real protocol."""

from uproot_aio.testing.simulated_player import CallRejected, ReceivedNotice, SimulatedPlayer

__all__ = ["CallRejected", "ReceivedNotice", "SimulatedPlayer"]
