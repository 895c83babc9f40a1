"""The argument `--spec` of stages that read a whole campaign."""

import argparse
import sys


def add_campaign_spec(parser: argparse.ArgumentParser, keys: str) -> None:
    """Declare `--spec`, and `--spec -` for a spec on standard input: Linux takes no argument of more than 128 KiB."""
    parser.add_argument("--spec", required=True, type=_text, metavar="JSON", help=f"{keys}; - reads standard input")


def _text(argument: str) -> str:
    return sys.stdin.read() if argument == "-" else argument
