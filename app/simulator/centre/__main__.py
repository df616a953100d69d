"""`python -m app.simulator.centre` runs the centre's command by itself."""

from app.simulator.centre.command import centre

if __name__ == "__main__":
    centre(prog_name="centre")
