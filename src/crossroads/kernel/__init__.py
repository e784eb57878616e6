"""Values that every room speaks of: numbers of persons and bodies, periods, codes, errors, the clock."""
