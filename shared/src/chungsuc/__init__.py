"""The common platform of the Chung Sức services. It holds no domain noun and imports no service."""
