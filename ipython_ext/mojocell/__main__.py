"""``python -m mojocell`` is the command ``mojocell``."""

from mojocell.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
