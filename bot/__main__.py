"""`python -m bot` is `majordomo`."""

from bot.cli import main

if __name__ == "__main__":
    main()
