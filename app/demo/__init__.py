"""The demonstration: a small synthetic bank, a pretend credit centre, and the platform between them."""
