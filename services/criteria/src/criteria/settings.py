"""What the criteria service is told by its environment."""

from pathlib import Path

from chungsuc.settings import ServiceSettings, service_home
from pydantic import Field

import criteria


class Settings(ServiceSettings):
    """The platform's settings and where the catalogue lies."""

    catalogue_folder: Path = Field(
        default_factory=lambda: service_home(criteria.__file__) / "catalogue",
        description="Folder of the catalogue: areas, documents, measures, criteria sets",
    )
