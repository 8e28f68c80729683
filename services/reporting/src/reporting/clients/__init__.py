"""The two services whose feeds reporting reads."""
