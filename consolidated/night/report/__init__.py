"""The morning report: one page a night, of figures that equal SQL over the tables."""
