"""``python -m ezazml.cli`` is ``ezazml``."""

from ezazml.cli.main import main

if __name__ == "__main__":
    main()
