"""The ground floor: configuration, database, time, events, jobs, storage and crypto. No Flask, no business."""
