"""A login for demonstrations: an OpenID provider where everybody may be anybody. It refuses to be more than that."""
