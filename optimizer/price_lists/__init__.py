"""Price lists of clouds as offers: rows of a CSV file, which system each is of, and the catalogue folder they make."""
