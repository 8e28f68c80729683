"""The registers that everything else refers to: areas, organisations, documents."""
