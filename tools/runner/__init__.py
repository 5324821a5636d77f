"""The parts of tools/run."""
