"""The world outside the platform: a synthetic bank, a pretend credit centre, and what else stands beyond the walls.

Nothing in here knows how the platform works; it imports only the standard and the ground floor, and only the command
line may import it.
"""
