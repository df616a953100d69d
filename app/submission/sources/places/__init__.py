"""The places where deliveries lie: a folder, SFTP, S3, HTTPS, a database, or pushed by the source itself."""

from __future__ import annotations

from app.submission.sources.places.base import Brought, Place, Wanted
from app.submission.sources.places.folder import FolderPlace

__all__ = ["Brought", "FolderPlace", "Place", "Wanted"]
