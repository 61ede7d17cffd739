"""The GPU side of JiuZhang: train, influence, select, synthesize and evaluate as jobs over files."""

__version__ = "0.1.0"
