"""basculec: one Thrift contract -> descriptor, C++, Python, OpenAPI, AsyncAPI."""

__version__ = "0.1.0"
