"""FEEL, the expression language of DMN: syntax tree, parser, types, values, built-in functions and evaluation."""
