"""The places where deliveries lie: a folder, SFTP, S3, HTTPS, a database, or pushed by the source itself."""

from __future__ import annotations

from app.submission.sources.places.folder import FolderPlace
from app.submission.sources.places.place import Brought, Place, Wanted

__all__ = ["Brought", "FolderPlace", "Place", "Wanted"]
