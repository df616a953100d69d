"""Legal entities: each reports under its own section code, with its own sources, keys, way to the centre and timetable."""
