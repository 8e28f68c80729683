"""Results of a country as a workbook that people open."""
