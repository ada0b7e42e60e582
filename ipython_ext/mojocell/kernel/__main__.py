"""``python -m mojocell.kernel -f FILE``: what Jupyter starts."""

from mojocell.kernel.app import main

if __name__ == "__main__":
    main()
