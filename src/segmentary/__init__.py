"""A standalone service and library for network segments."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("segmentary")
