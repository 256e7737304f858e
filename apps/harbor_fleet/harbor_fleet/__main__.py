"""`python -m harbor_fleet`."""

from harbor_fleet.cli import app

__all__ = ["main"]


def main() -> None:
    """Runs the command."""
    app(prog_name="python -m harbor_fleet")


if __name__ == "__main__":
    main()
