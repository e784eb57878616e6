"""Who people are: persons, dated assignments of numbers, links between persons."""
