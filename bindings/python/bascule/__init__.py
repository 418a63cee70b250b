"""Bascule: typed services in C++ and Python over AMQP 1.0, behind one HTTP gateway.

Importing the package loads nothing native, so that the command line works in a tree that is not built yet.
"""

__version__ = "0.1.0"
